"""The matcher against the plainest possible reading of the same templates."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.access import PathNotAllowed
from safepassage.problems.requests import MethodNotAllowed, NoSuchRoute
from services.gateway.door.paths import Matcher
from services.gateway.door.routing_table import ROUTES


@dataclass(frozen=True)
class Place:
    method: str
    template: str


MADE_UP = (
    Place("GET", "/v1/a"),
    Place("GET", "/v1/a/{x}"),
    Place("POST", "/v1/a/b"),
    Place("GET", "/v1/a/{x}/c"),
    Place("GET", "/v1/a/b/{y}"),
    Place("GET", "/v1/tile/{rest:path}"),
    Place("GET", "/v1/tile/{x}/meta"),
)
SEGMENTS = st.one_of(
    st.sampled_from(
        ["v1", "a", "b", "c", "tile", "meta", "students", "lookup", "..", ".", "", "%2f", "%2E", "%41", "a:b", "x%20y", "é", "A", "a;b"]
    ),
    st.text(alphabet="abc.%/\\ \x00é:", max_size=6),
)
PATHS = st.lists(SEGMENTS, max_size=6).map(lambda parts: ("/" + "/".join(parts)).encode("utf-8", "replace"))


MATCHER = Matcher(MADE_UP)
REAL = Matcher(ROUTES)


def plainly(method: str, path: str) -> Place | None:
    """The place whose template matches as a regular expression; of several, literals count before parameters before the rest."""
    fitting = []
    for place in MADE_UP:
        pattern = re.sub(r"\{[a-z_]+\}", "[^/]+", re.sub(r"\{[a-z_]+:path\}", ".+", place.template))
        if re.fullmatch(pattern, path) and place.method == method:
            fitting.append(place)
    return min(fitting, key=lambda place: [_rank(segment) for segment in place.template.split("/")], default=None)


def _rank(segment: str) -> int:
    return 2 if segment.endswith(":path}") else int(segment.startswith("{"))


@given(PATHS, st.sampled_from(["GET", "POST"]))
@settings(max_examples=200, deadline=None)
def test_what_is_matched_is_what_the_template_says(path: bytes, method: str) -> None:
    try:
        found = MATCHER.match(method, path)
    except (PathNotAllowed, NoSuchRoute, MethodNotAllowed):
        return
    assert found == plainly(method, path.decode("ascii"))


@given(st.lists(st.sampled_from(["a", "b", "c", "x-1", "tile", "meta"]), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_plain_path_is_found_exactly_when_a_template_fits(segments: list[str]) -> None:
    path = "/v1/" + "/".join(segments)
    answered = {method for method in ("GET", "POST") if _answers(method, path)}
    assert answered <= {method for method in ("GET", "POST") if plainly(method, path)}
    assert bool(answered) == any(plainly(method, path) for method in ("GET", "POST"))


def _answers(method: str, path: str) -> bool:
    try:
        return MATCHER.match(method, path.encode()) == plainly(method, path)
    except (NoSuchRoute, MethodNotAllowed):
        return False


@pytest.mark.requirement("DOOR-bounded")
@given(st.binary(max_size=60).map(lambda data: b"/" + data))
@settings(max_examples=300, deadline=None)
def test_no_path_that_is_let_through_can_be_read_in_another_way(path: bytes) -> None:
    try:
        REAL.match("GET", path)
    except PathNotAllowed:
        return
    except (NoSuchRoute, MethodNotAllowed):
        pass
    decoded = unquote_to_bytes(path)
    assert b"\\" not in decoded
    assert all(32 <= byte < 127 for byte in decoded)
    assert decoded.count(b"/") == path.count(b"/")
    assert not {b"", b".", b".."} & set(decoded.split(b"/")[1:-1])
    assert b"%" not in decoded, "decoding twice changes nothing"


def test_a_literal_comes_before_a_parameter_and_a_walk_turns_back() -> None:
    assert MATCHER.match("GET", b"/v1/a/b/c").template == "/v1/a/b/{y}"
    assert MATCHER.match("GET", b"/v1/a/x/c").template == "/v1/a/{x}/c"
    assert MATCHER.match("GET", b"/v1/tile/0/x001/067").template == "/v1/tile/{rest:path}"
    assert MATCHER.match("GET", b"/v1/tile/0/meta").template == "/v1/tile/{x}/meta"
    with pytest.raises(NoSuchRoute):
        MATCHER.match("GET", b"/v1/tile/")
    with pytest.raises(NoSuchRoute):
        MATCHER.match("GET", b"/v1/tile")


def test_two_routes_for_one_operation_are_a_fault() -> None:
    with pytest.raises(ValueError, match="two routes"):
        Matcher((Place("GET", "/v1/a"), Place("GET", "/v1/a")))
    with pytest.raises(ValueError, match="two routes"):
        Matcher((Place("GET", "/v1/{a}"), Place("GET", "/v1/{b}")))
