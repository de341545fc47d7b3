"""What a route takes, before anybody is asked who they are: by the request line and the header alone."""

from safepassage.problems.access import EncodingNotTaken, PathNotAllowed
from safepassage.problems.requests import BodyTooLarge, UnsupportedMediaType
from services.gateway.door.headers import Incoming
from services.gateway.door.paths import ALLOWED_QUERY, MAX_QUERY
from services.gateway.door.route import Route


def require_form(route: Route, incoming: Incoming, query: bytes) -> None:
    """The query, the size of the body and what it is. Raises PathNotAllowed, EncodingNotTaken, BodyTooLarge, UnsupportedMediaType."""
    if len(query) > MAX_QUERY or ALLOWED_QUERY.fullmatch(query) is None:
        raise PathNotAllowed("the query holds a character that must be percent-encoded, or is too long")
    if incoming.coding and incoming.coding not in route.codings:
        raise EncodingNotTaken
    if not incoming.has_body:
        return
    if (incoming.content_length or 0) > route.body_bytes or route.body_bytes == 0:
        raise BodyTooLarge
    if incoming.content_type.partition(b";")[0].strip().lower().decode("latin-1") not in route.media_types:
        raise UnsupportedMediaType(f"takes {' or '.join(filter(None, route.media_types))}", field="Content-Type")
