"""The origin of a URL, as browsers write it: what they send in `Origin`, and compare (RFC 6454 section 6.1). Pure."""

from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"https": 443, "http": 80}


def is_origin(url: str) -> bool:
    """Whether a URL is an origin and nothing more: scheme, host, and a port that is not the scheme's own; in lower case, without a path."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in _PORTS or not host:
        return False
    name = f"[{host}]" if ":" in host else host
    return url == f"{parts.scheme}://{name}" + ("" if port is None or port == _PORTS[parts.scheme] else f":{port}")
