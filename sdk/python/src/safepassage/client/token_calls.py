"""Calls about the client's own token."""

from safepassage.client.call import Call, reading
from safepassage.wire_tokens import TokenInfo


def read_token_info() -> Call[TokenInfo]:
    """What the token may do that this client comes with now."""
    return reading("/oauth/token_info", TokenInfo)
