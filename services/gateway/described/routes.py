"""What the node tells developers of itself: one OpenAPI document of everything that it answers, and a page to try it.

The document is made from the code before the node starts (`make documents`), so nobody is asked for it and nothing of it can differ from
the routes. The page runs the viewer of Swagger UI from files of this package; it makes keys and signs in the browser, and sends no private
key anywhere. Whoever controls these files can have a developer's key misused in that page: they are served from here and from nowhere else.
"""

import gzip
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from safepassage.canonical import digest_of
from safepassage.problems.requests import NotFound
from services.gateway.described.interface import DOCUMENT
from services.gateway.settings import GatewaySettings
from shared.problems import responses

router = APIRouter(tags=["published"])

ASSETS: Final = Path(__file__).parent / "assets"
MEDIA_TYPES: Final = {
    "page.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "keys.js": "text/javascript; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js.LICENSE.txt": "text/plain; charset=utf-8",
}
"""A closed list: no other file of the folder is served."""
IfNoneMatch = Annotated[str | None, Header(description="The `ETag` of a copy that the caller has")]


_GZIP: Final = re.compile(r"(?:^|,)\s*gzip\s*(?!;\s*q=0(?:\.0*)?\s*(?:,|$))(?:;|,|$)", re.IGNORECASE)
"""That a caller takes it: named, and not with the weight 0, which says that it is not taken (RFC 9110 section 12.4.2)."""


@lru_cache(maxsize=len(MEDIA_TYPES) + 1)
def _packed(path: Path) -> tuple[bytes, bytes, str]:
    """A file of this package, the same with gzip, and the digest that is its entity tag."""
    content = path.read_bytes()
    return content, gzip.compress(content, compresslevel=6, mtime=0), f'"{digest_of(content)}"'


def _answer(request: Request, path: Path, media_type: str) -> Response:
    content, packed, tag = _packed(path)
    takes_gzip = _GZIP.search(request.headers.get("accept-encoding", "")) is not None
    # The two forms are two representations: each has a tag of its own (RFC 9110 section 8.8.3).
    tag = f'{tag[:-1]}-gzip"' if takes_gzip else tag
    headers = {"etag": tag, "vary": "accept-encoding"}
    held = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    if takes_gzip:
        return Response(packed, media_type=media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(content, media_type=media_type, headers=headers)


_NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "The caller's copy is this one"}}


@router.get("/openapi.json", response_model=None, responses=_NOT_MODIFIED)
async def read_interface(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """The OpenAPI document of the node: every operation, who may call it, what it takes and answers."""
    return _answer(request, DOCUMENT, "application/json")


def shows_page(settings: GatewaySettings) -> bool:
    """Whether the page is served: as the setting says, by default in development alone."""
    return settings.insecure_development if settings.developer_page is None else settings.developer_page


@router.get("/docs", response_model=None, responses={**_NOT_MODIFIED, **responses(NotFound)})
async def read_developer_page(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """The page on which a developer reads the interface and tries it with a client of their own."""
    return _asset(request, "page.html")


@router.get("/docs/{asset}", response_model=None, responses={**_NOT_MODIFIED, **responses(NotFound)})
async def read_developer_page_file(asset: str, request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """A script or a style of that page."""
    return _asset(request, asset)


def _asset(request: Request, name: str) -> Response:
    if not shows_page(request.app.state.settings) or name not in MEDIA_TYPES:
        raise NotFound
    return _answer(request, ASSETS / name, MEDIA_TYPES[name])
