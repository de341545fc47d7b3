"""How much header a route takes: looked at once the route is known, before the body, and before anybody is asked who they are.

What any connection may send is more (services.gateway.door.http_protocol): so much may be read before there is a route at all.
"""

from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from safepassage.problems.access import HeadersTooLarge

_KIB: Final = 1024

COUNTED: Final = "header_bytes"
"""In the state of a request's scope: what the protocol has counted while it read, so that nobody counts again."""


@dataclass(frozen=True)
class HeaderLimit:
    """Of a route."""

    bytes: int
    """Names and values of all fields, and four more for each: what stands between them."""
    fields: int = 64


PROBE: Final = HeaderLimit(4 * _KIB, 32)
"""Of what orchestrators and load balancers ask, without any credential."""
MACHINE: Final = HeaderLimit(8 * _KIB)
"""Of what is open to whoever comes with a program: at the most a registration's own token, which is short."""
BROWSER: Final = HeaderLimit(16 * _KIB)
"""Of what a browser shows: it sends the cookies of the whole domain along, most of them none of ours."""
ENDPOINT: Final = HeaderLimit(16 * _KIB)
"""Of OAuth's own: the longest proof (4 KiB), or the certificate that a proxy says; other credentials are in the body."""
TOKEN: Final = HeaderLimit(24 * _KIB)
"""Of what a token opens: the longest (12 KiB, with details of 8) beside the longest proof, or beside a proxy's word of a certificate."""


def require_header(limit: HeaderLimit, scope: Scope) -> None:
    """Raises HeadersTooLarge."""
    fields = scope["headers"]
    counted = scope["state"].get(COUNTED) if "state" in scope else None
    if counted is None:  # another server than ours, or none at all
        counted = sum(len(name) + len(value) + 4 for name, value in fields)
    if counted > limit.bytes or len(fields) > limit.fields:
        raise HeadersTooLarge(f"this operation takes {limit.bytes // _KIB} KiB of header, in {limit.fields} fields")
