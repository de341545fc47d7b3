"""From method and raw path to a route: a literal table first, then a trie of segments. Nothing is decoded to be matched or forwarded.

A path that could mean two things to two programs (encoded slashes, dots, empty segments, controls) is refused before anything else.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from safepassage.problems.access import PathNotAllowed
from safepassage.problems.requests import MethodNotAllowed, NoSuchRoute

MAX_PATH: Final = 2048
MAX_QUERY: Final = 4096

_CHARACTER = rb"(?:[A-Za-z0-9._~:@+,=-]|%(?!2[EeFf5]|5[Cc])[2-7][0-9A-Fa-f](?<!7[Ff]))"
ALLOWED_PATH: Final = re.compile(rb"/(?:(?!\.{1,2}(?:/|$))" + _CHARACTER + rb"+(?:/|$)(?!/))*")
"""Segments of unreserved characters and `: @ + , =`; others percent-encoded, except / \\ . % and controls. None empty, `.` or `..`."""
_PLAIN: Final = bytes(sorted(b"/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._~:@+,=-"))
ALLOWED_QUERY: Final = re.compile(rb"[!$&-;=?-Z_a-z~%@\[\]]*")
"""What RFC 3986 allows, and brackets."""


def is_allowed(raw_path: bytes) -> bool:
    """Whether the path can be read in one way only. Most paths are plain, which is seen without the regular expression."""
    if raw_path[:1] == b"/" and not raw_path.translate(None, _PLAIN) and b"//" not in raw_path and b"/." not in raw_path:
        return True
    return ALLOWED_PATH.fullmatch(raw_path) is not None


class Routed(Protocol):
    """What is matched: a method and a template such as `/v1/consents/{id}`. A last segment `{rest:path}` takes one segment or more."""

    @property
    def method(self) -> str: ...
    @property
    def template(self) -> str: ...


R = TypeVar("R", bound=Routed)


@dataclass
class _Node(Generic[R]):
    literal: dict[str, "_Node[R]"] = field(default_factory=dict)
    parameter: "_Node[R] | None" = None
    here: dict[str, R] = field(default_factory=dict)
    rest: dict[str, R] = field(default_factory=dict)


class Matcher(Generic[R]):
    """The routes, compiled once."""

    def __init__(self, routes: Iterable[R]) -> None:
        self._literal: dict[str, dict[str, R]] = {}
        self._root: _Node[R] = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: R) -> None:
        by_method = self._place(route.template) if "{" in route.template else self._literal.setdefault(route.template, {})
        if route.method in by_method:
            raise ValueError(f"two routes for {route.method} {route.template}")
        by_method[route.method] = route

    def _place(self, template: str) -> dict[str, R]:
        node = self._root
        segments = template.strip("/").split("/")
        for position, segment in enumerate(segments):
            if segment.endswith(":path}"):
                if position != len(segments) - 1:
                    raise ValueError("only the last segment takes the rest")
                return node.rest
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literal.setdefault(segment, _Node())
        return node.here

    def match(self, method: str, raw_path: bytes) -> R:
        """The route. Raises PathNotAllowed, NoSuchRoute; MethodNotAllowed, whose `allowed` are the path's methods."""
        if len(raw_path) > MAX_PATH or not is_allowed(raw_path):
            raise PathNotAllowed
        path = raw_path.decode("ascii")
        by_method = self._literal.get(path) or self._find(self._root, path[1:].split("/"), 0)
        if not by_method:
            raise NoSuchRoute
        route = by_method.get(method)
        if route is None:
            raise MethodOfPathNotAllowed(by_method)
        return route

    def _find(self, node: _Node[R], segments: list[str], position: int) -> Mapping[str, R]:
        """The first that fits, literals before parameters before the rest: a walk that turns back where a literal leads nowhere."""
        if position == len(segments):
            return node.here
        if not segments[position]:
            return {}
        literal = node.literal.get(segments[position])
        if literal is not None and (found := self._find(literal, segments, position + 1)):
            return found
        if node.parameter is not None and (found := self._find(node.parameter, segments, position + 1)):
            return found
        return node.rest if segments[-1] else {}


class MethodOfPathNotAllowed(MethodNotAllowed):
    """The path exists, with other methods."""

    def __init__(self, by_method: Iterable[str]) -> None:
        super().__init__()
        self.allowed = tuple(sorted(by_method))
