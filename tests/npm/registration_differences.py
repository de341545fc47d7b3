"""What oidc-provider says otherwise of clients that register themselves. Rows by the numbers of their tables."""

from typing import Final

from tests.npm.difference import Difference
from tests.npm.elsewhere import ACCEPTED

REGISTRATION: Final[list[Difference]] = [
    Difference(
        "an initial token there lets whoever has it register anything; ours names the most that its client may have",
        ACCEPTED,
        {"registration": ("1: more scope",)},
    ),
    Difference(
        "RFC 7591 lets a client say nothing of itself; without scopes it could do nothing here, and by its name people are asked about it",
        ACCEPTED,
        {"registration": ("1: no name", "1: no scope")},
    ),
    Difference(
        "no list is bounded there, and one may say the same twice; ours are as long as anybody needs, with each once",
        ACCEPTED,
        {"registration": ("1: two grants", "1: a redirect twice", "1: eleven redirects", "1: six contacts")},
    ),
    Difference(
        "what a client registers and cannot use is taken there, and fails when it is used; we want grants, response types and redirects "
        "that fit together, as RFC 7591 section 2.1 has the first two",
        ACCEPTED,
        {
            "registration": (
                "1: a redirect without a grant",
                "1: a grant without a redirect",
                "1: refreshing alone",
                "1: a code that is answered otherwise",
            )
        },
    ),
    Difference(
        "of a response type it looks for the redirects first, and says that there are none; to us the two do not fit",
        "invalid_redirect_uri",
        {"registration": ("1: a response", "1: a code without its grant")},
    ),
    Difference(
        "it wants https for answers in a fragment alone, and compares redirects as they are written; ours are https URLs of a host that "
        "can be, without a user that looks like one (RFC 9700 section 2.1), and loopback only at a node in development",
        ACCEPTED,
        {
            "registration": (
                "1: a redirect by http",
                "1: a redirect on this machine",
                "1: a redirect with a user",
                "1: a redirect of any host",
            )
        },
    ),
    Difference(
        "members of methods that are not set up are ignored there; to us a client with keys that names a certificate means one of the two",
        ACCEPTED,
        {"registration": ("1: a certificate's name and keys",)},
    ),
    Difference(
        "a body that is no JSON object is a wrong request there; RFC 7591 section 3.2.2 has an error for metadata that are none",
        "invalid_request",
        {"registration": ("2: an array", "2: no JSON", "2: not a number", "2: UTF-16")},
    ),
    Difference(
        "of a member that comes twice the last counts there (here a scope that it does not have); we refuse the body before it is read",
        "invalid_client_metadata",
        {"registration": ("2: a member twice",)},
    ),
]
