"""Safe Passage for those who call a node or check what it did: the client, the wire models, offline verification.

What is verified here needs no trust in the server: envelopes, receipts, proofs and checkpoints are checked against keys you name.
"""

__version__ = "0.1.0"
