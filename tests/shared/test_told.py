"""What is told of each request, the quick way: the same as the plain one would say."""

import io
import json
import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safepassage.problems.problem import REGISTRY
from safepassage.problems.requests import InvalidRequest, NotAuthenticated, TemporarilyUnavailable
from shared.problems import render, told
from shared.telemetry import TRACEPARENT, JsonLines, Lines, tell_request
from shared.trace_names import new_request_id, new_span_id, new_trace_id

LINE = {"service": "tiny", "method": "GET", "route": "/v1/{id}", "status": 200, "seconds": 0.01234, "request_id": "r", "trace_id": "t"}


@contextmanager
def written() -> Iterator[io.StringIO]:
    """What a process writes to standard error, and nothing else listens."""
    stream, root = io.StringIO(), logging.root
    handler, before, level = Lines(stream), root.handlers, root.level
    handler.setFormatter(JsonLines())
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        root.handlers = before
        root.setLevel(level)


@pytest.mark.parametrize("trace_id", ["t", None])
def test_the_line_of_a_request_is_the_one_that_a_record_would_make(trace_id: str | None) -> None:
    log, about = logging.getLogger("safe_passage_told"), LINE | {"trace_id": trace_id}
    with written() as lines:
        tell_request(log, **about)  # type: ignore[arg-type]
        log.info("request", extra={**about, "milliseconds": 12.3})
    quick, plain = (json.loads(line) for line in lines.getvalue().splitlines())
    times = [datetime.fromisoformat(line.pop("time")) for line in (quick, plain)]
    assert times == sorted(times)
    assert quick == plain
    assert quick["milliseconds"] == 12.3


def test_no_record_is_made_of_it_where_nobody_else_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "_logRecordFactory", None)
    with written() as lines:
        tell_request(logging.getLogger("safe_passage_told"), **LINE)  # type: ignore[arg-type]
    assert len(lines.getvalue().splitlines()) == 1


@pytest.mark.parametrize("at", ["", "safe_passage_told"])
def test_who_else_listens_hears_of_requests_too(at: str) -> None:
    log, heard = logging.getLogger("safe_passage_told"), io.StringIO()
    with written() as lines:
        logging.getLogger(at).addHandler(other := logging.StreamHandler(heard))
        tell_request(log, **LINE)  # type: ignore[arg-type]
        logging.getLogger(at).removeHandler(other)
    assert (len(lines.getvalue().splitlines()), heard.getvalue()) == (1, "request\n")


FORGED = '\n{"level":"error","logger":"safe_passage","message":"log frozen"}\r\n\x1b[2J\x9b31m\u2028\u2029\x85\x7f'


@pytest.mark.requirement("DOOR-lines")
@given(said=st.text(), about=st.dictionaries(st.sampled_from(["peer", "kid", "address", "fault", "secret"]), st.text()))
@example(said=FORGED, about={"peer": FORGED, "secret": "s"})
def test_whatever_is_told_is_one_line_that_says_what_was_told_and_no_more(said: str, about: dict[str, Any]) -> None:
    with written() as lines:
        logging.getLogger("safe_passage_told").warning("%s", said, extra=about)
        logging.root.handlers[0].write({"message": said, **about})  # type: ignore[attr-defined]
    *told_lines, after = lines.getvalue().split("\n")
    plain, quick = (json.loads(line) for line in told_lines)
    assert (after, len(told_lines)) == ("", 2)
    assert {one for line in told_lines for one in line if unicodedata.category(one) in ("Cc", "Zl", "Zp")} == set()
    assert quick == {"message": said, **about}
    known = {key: value for key, value in about.items() if key != "secret"}
    assert {key: value for key, value in plain.items() if key not in ("time", "level", "logger", "message")} == known
    assert plain["level"] == "warning"


def test_a_line_says_when_it_was_told_in_utc_to_the_millisecond() -> None:
    record = logging.makeLogRecord({"created": 1_795_000_000.0065, "levelname": "INFO", "name": "safe_passage", "msg": "request"})
    assert next(iter(json.loads(JsonLines().format(record)).items())) == ("time", "2026-11-18T11:06:40.006Z")
    with written() as lines:
        before = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 what the line is compared with
        tell_request(logging.getLogger("safe_passage_told"), **LINE)  # type: ignore[arg-type]
        said = json.loads(lines.getvalue())["time"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said)
    assert before <= datetime.fromisoformat(said) < before + timedelta(minutes=1)


def test_a_level_that_is_not_told_is_not_told() -> None:
    log = logging.getLogger("safe_passage_told")
    log.setLevel(logging.WARNING)
    with written() as lines:
        tell_request(log, **LINE)  # type: ignore[arg-type]
    log.setLevel(logging.NOTSET)
    assert lines.getvalue() == ""


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_a_problem_says_all_that_its_error_says(code: str) -> None:
    for detail, field in ((None, None), ("a detail", None), ("another", "field"), ("another", "field")):
        error = REGISTRY[code].__new__(REGISTRY[code])
        error.detail, error.field, error.retry_after_seconds = detail, field, None
        status, fields, body = told(error, "an-id")
        assert json.loads(body) == error.as_problem("an-id").model_dump(mode="json", exclude_none=True)
        assert (status, dict(fields)[b"content-length"]) == (error.status, b"%d" % len(body))
        assert json.loads(told(error, None)[2]) == error.as_problem().model_dump(mode="json", exclude_none=True)


def test_the_object_is_the_same() -> None:
    for error in (NotAuthenticated(), TemporarilyUnavailable(retry_after_seconds=7), InvalidRequest("a", field="b")):
        for path in ("/v1/x", "/ims/x"):
            status, fields, body = told(error, "an-id", path=path)
            response = render(error, "an-id", path=path)
            assert (response.status_code, response.raw_headers, response.body) == (status, fields, body)
    assert (b"retry-after", b"7") in told(TemporarilyUnavailable(retry_after_seconds=7), None)[1]


def test_names_of_requests_have_their_standards_forms() -> None:
    identifiers = {new_request_id() for _ in range(1_000)}
    assert len(identifiers) == 1_000
    assert all(str(UUID(one)) == one and UUID(one).version == 4 and UUID(one).variant == "specified in RFC 4122" for one in identifiers)
    assert all(TRACEPARENT.match(f"00-{new_trace_id()}-{new_span_id()}-01".encode()) for _ in range(1_000))
