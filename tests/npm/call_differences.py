"""What oidc-provider says otherwise where it is called with a token of its own: at userinfo, which stands for the node's operations."""

from typing import Final

from tests.npm.difference import Difference
from tests.npm.elsewhere import ACCEPTED

CALL: Final[list[Difference]] = [
    Difference(
        "to who brings no token it says that the token is wrong; RFC 6750 section 3.1 would have no error said, and we say none",
        "invalid_token",
        {"call": ("no Authorization", "in a cookie alone")},
    ),
    Difference(
        "it looks for a token in the query to say that none belongs there; we look for none, and to us nobody came",
        "invalid_request",
        {"call": ("in the query alone",)},
    ),
    Difference(
        "a field that is not as it should be is a wrong request there (RFC 6750 section 3.1); to us what it holds is no token",
        "invalid_request",
        {"call": ("as a Bearer token", "as a user's password", "without a scheme")},
    ),
    Difference(
        "Node.js keeps the first of two Authorization fields, and it never sees the other; another server may keep the last",
        ACCEPTED,
        {"call": ("twice", "as DPoP and as Bearer")},
    ),
    Difference(
        "without a proof the request is wrong there; we say that one is needed, and of which algorithms",
        "invalid_request",
        {"call": ("no proof",)},
    ),
    Difference(
        "to it the token is wrong where the proof is another key's or came before, as in an example of RFC 9449 section 7.1; to us the "
        "proof is, for the same token with the right proof is good",
        "invalid_token",
        {"call": ("a proof by another key", "the same proof again")},
    ),
]
