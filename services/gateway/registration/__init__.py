"""Clients that register themselves: by whose word, within which bounds, and who approves them.

Whoever controls this can register clients within the bounds that administrators have set, and no others.
"""
