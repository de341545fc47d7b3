"""Where a person goes after signing in: back to a page of this node, and never anywhere else."""

import re
from typing import Final

HOME: Final = "/signed-in"
LONGEST: Final = 2048
_PATH: Final = re.compile(r"/(?:[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*/?)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?")


def return_path(asked: str | None) -> str:
    """`asked` where it is a path of this node, else the page that says who is signed in.

    One leading slash, no second one and no backslash after it (a browser reads `//x`, `/\\x`, `/<tab>/x` as another host), no fragment. The
    query is any that RFC 3986 knows (section 3.4): of an application's own address it may hold another one, written out.
    """
    if asked is None or len(asked) > LONGEST or _PATH.fullmatch(asked) is None:
        return HOME
    return asked
