"""Files that pages need, in a path that names the version of them all: a change has another one, so that a browser keeps each for ever."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.responses import Response

from safepassage.problems.requests import NoSuchRoute

_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class PageFiles:
    """The files of some pages, read once."""

    version: str
    _files: Mapping[str, tuple[bytes, str]]

    @classmethod
    def of(cls, paths: Iterable[Path]) -> "PageFiles":
        """Each by its name, with its media type by its ending."""
        files = {path.name: (path.read_bytes(), _MEDIA_TYPES[path.suffix]) for path in sorted(paths)}
        version = sha256(b"\0".join(name.encode() + b"\0" + content for name, (content, _) in files.items())).hexdigest()[:16]
        return cls(version, files)

    def answer(self, version: str, name: str) -> Response:
        """One of them. Raises NoSuchRoute, also for another version."""
        if version != self.version or name not in self._files:
            raise NoSuchRoute
        content, media_type = self._files[name]
        return Response(content, media_type=media_type)
