"""PLACEHOLDER by the coordinator so that the CLI imports; helper 2: overwrite this file whole."""
def estimate_tokens(text: str) -> int: return (len(text.encode()) + 2) // 3
