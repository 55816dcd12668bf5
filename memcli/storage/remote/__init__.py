"""Stores that are not on this machine. Nothing here is imported for one that is."""
