"""Credentials that the node issues, the lists by which they are revoked, and those of educators."""
