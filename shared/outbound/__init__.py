"""Calls to addresses that the node was given by somebody else: where they may go, and how much comes back."""
