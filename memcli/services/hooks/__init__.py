"""Hooks of the harnesses that agents run in: what they say, what they are told, and how they are set up."""
