"""Verification without a node: a message that proves where it was logged, one entry, a whole log. Needs keys and files, no network."""
