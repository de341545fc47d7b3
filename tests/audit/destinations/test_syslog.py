"""Entries as syslog: RFC 5424 as another reader has it, framed, over TLS, and known to be read."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.wire_destinations import DeliveredEntry
from services.audit.destinations.syslog import entry_message, frame, message, structured_data
from services.audit.exports.ocsf import ocsf_event
from tests.audit.audit_node import event
from tests.audit.destinations.keeping import keeping
from tests.audit.destinations.receivers import authority_and_server, rude_syslog_receiver, syslog_receiver
from tests.audit.exports.ocsf_schema import faults
from tests.audit.exports.test_formats import entry
from tests.conftest import StandingClock

NAMES = st.text(st.sampled_from("abcXYZ019@.-_/:"), min_size=1, max_size=32)
VALUES = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"]\\[= '), max_size=40)
MESSAGE = re.compile(r"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (.*)", re.DOTALL)


def elements_in(text: str) -> tuple[dict[str, dict[str, str]], str]:
    """Structured data read by the grammar of RFC 5424 section 6, character by character; and what follows it."""
    found: dict[str, dict[str, str]] = {}
    at = 0
    if text.startswith("-"):
        return found, text[1:]
    while at < len(text) and text[at] == "[":
        end = min(place for place in (text.find(" ", at), text.find("]", at)) if place != -1)
        parameters = found.setdefault(text[at + 1 : end], {})
        at = end
        while text[at] == " ":
            equals = text.index("=", at)
            name, at, value = text[at + 1 : equals], equals + 2, ""
            assert text[equals + 1] == '"'
            while text[at] != '"':
                if text[at] == "\\" and text[at + 1] in '"\\]':
                    at += 1
                else:
                    assert text[at] != "]", "a bracket has to be escaped"
                value, at = value + text[at], at + 1
            parameters[name], at = value, at + 1
        assert text[at] == "]"
        at += 1
    return found, text[at:]


def messages_in(octets: bytes) -> list[str]:
    """The frames of RFC 5425 section 4.3."""
    found = []
    while octets:
        length, _, rest = octets.partition(b" ")
        assert re.fullmatch(rb"[1-9]\d*", length)
        found.append(rest[: int(length)].decode())
        assert len(rest) >= int(length)
        octets = rest[int(length) :]
    return found


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=4), max_size=3))
def test_structured_data_is_read_back_as_it_was(elements: Mapping[str, Mapping[str, str]]) -> None:
    assert elements_in(structured_data(elements)) == (elements, "")


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=4), st.integers(0, 7))
def test_whatever_a_message_says_it_is_one_message_of_one_frame(texts: list[tuple[str, str, str]], severity: int) -> None:
    at = datetime(2026, 10, 20, 12, tzinfo=UTC)
    made = [
        message(severity=severity, at=at, host=host, message_type=kind, elements={"log@32473": {"name": text}}, text=text)
        for host, kind, text in texts
    ]
    read = messages_in(b"".join(map(frame, made)))
    for (_, _, text), one in zip(texts, read, strict=True):
        parts = MESSAGE.fullmatch(one)
        assert parts is not None
        assert (int(parts[1]), parts[2]) == (13 * 8 + severity, "2026-10-20T12:00:00.000000Z")
        elements, rest = elements_in(parts[7])
        assert (elements, rest) == ({"log@32473": {"name": text}}, " \ufeff" + text)


@pytest.mark.anyio
@pytest.mark.requirement("LOG-SIEM")
async def test_each_entry_is_a_message_over_tls(store_url: str, node_keys: Path, clock: StandingClock, tmp_path: Path) -> None:
    authority, server = authority_and_server(tmp_path)
    async with keeping(store_url, node_keys, clock, insecure_development=False, destination_authorities_file=authority) as kept:
        async with syslog_receiver(server) as receiver:
            made = await kept.make({"kind": "syslog", "host": "127.0.0.1", "port": receiver.port, "enterprise_number": 63455})
            await kept.node.append(event("match", outcome="refused"), event("request"))
            await kept.turn()
            await kept.act(made.destination.id, "ping")
        stands = await kept.stands(made.destination.id)
    assert (stands.index, stands.last_fault, stands.last_status) == (3, None, None)
    entries, ping = messages_in(receiver.came[0]), messages_in(receiver.came[1])
    read = [MESSAGE.fullmatch(one) for one in entries]
    assert [(one[1], one[3], one[4], one[6]) for one in read if one] == [
        ("110", "alder.example", "safe-passage", "export"), ("109", "alder.example", "safe-passage", "match"),
        ("110", "alder.example", "safe-passage", "request"),
    ]  # fmt: skip
    for index, one in enumerate(read):
        assert one is not None
        elements, rest = elements_in(one[7])
        told: dict[str, Any] = json.loads(rest.removeprefix(" \ufeff"))
        assert faults(told) == []
        data = elements["log@63455"]
        assert (data["index"], data["name"], data["leafHash"]) == (str(index), made.destination.log, told["unmapped"]["leaf_hash"])
        assert data["id"] == f"{made.destination.id.hex}_2026_{index}"
    assert "ping" in ping[0]


@pytest.mark.anyio
@pytest.mark.requirement("LOG-SIEM")
@pytest.mark.parametrize("reads", [True, False])
async def test_of_a_receiver_that_says_no_farewell_the_end_counts_where_it_was_agreed(
    store_url: str, node_keys: Path, clock: StandingClock, tmp_path: Path, reads: bool
) -> None:
    authority, server = authority_and_server(tmp_path)
    async with keeping(store_url, node_keys, clock, destination_authorities_file=authority) as kept:
        with rude_syslog_receiver(server, reads=reads) as port:
            made = await kept.make({"kind": "syslog", "host": "127.0.0.1", "port": port, "confirmed_by": "end"})
            await kept.turn()
        stands = await kept.stands(made.destination.id)
    assert (stands.index, stands.failures) == ((1, 0) if reads else (0, 1))


@pytest.mark.anyio
@pytest.mark.parametrize(("encrypted", "reads"), [(True, False), (True, True), (False, False)])
async def test_what_a_receiver_has_not_read_to_the_end_is_sent_again(
    store_url: str, node_keys: Path, clock: StandingClock, tmp_path: Path, encrypted: bool, reads: bool
) -> None:
    authority, server = authority_and_server(tmp_path)
    tls = server if encrypted else None
    async with keeping(store_url, node_keys, clock, destination_authorities_file=authority) as kept:
        with rude_syslog_receiver(tls, reads=reads) as port:
            transport = "tls" if encrypted else "tcp"
            made = await kept.make({"kind": "syslog", "host": "127.0.0.1", "port": port, "transport": transport})
            await kept.turn()
        stands = await kept.stands(made.destination.id)
        assert (stands.index, stands.failures) == (0, 1)
        assert stands.last_fault in ({"not-confirmed"} if reads else {"not-confirmed", "no-connection"})
        async with syslog_receiver(tls, port) as receiver:
            clock.advance(seconds=10)
            await kept.turn()
        assert '"sequence":0' in messages_in(receiver.came[0])[0]
        assert (await kept.stands(made.destination.id)).failures == 0


@pytest.mark.parametrize(("value", "escaped"), [("\\", "\\\\"), ('"', '\\"'), ("]", "\\]"), ("[a=b", "[a=b"), ("a\\b", "a\\\\b")])
def test_quotation_mark_backslash_and_closing_bracket_are_escaped_and_nothing_else(value: str, escaped: str) -> None:
    assert structured_data({"log@32473": {"name": value}}) == f'[log@32473 name="{escaped}"]'


@pytest.mark.parametrize(
    ("class_", "outcome", "priority"), [("alert", "alarm", 108), ("decision", "deny", 109), ("search", "answered", 110)]
)
def test_an_alert_is_a_warning_a_refusal_a_notice_and_all_else_information(class_: str, outcome: str, priority: int) -> None:
    told = ocsf_event(entry(class_, context={"outcome": outcome}), entity_id="https://alder.example", product_version="1")
    one = DeliveredEntry(index=7, leaf_hash="A" * 43, event=told)
    sent = entry_message(one, log="alder.example/log/2026", message_id="m", host="alder.example", enterprise=32473)
    (said,) = messages_in(sent)
    assert said.startswith(f"<{priority}>1 2026-10-20T12:00:00.000000Z alder.example safe-passage - {class_} ")


def test_what_is_too_long_for_its_place_in_the_header_is_cut_off_and_what_is_empty_is_nil() -> None:
    at = datetime(2026, 10, 20, 12, tzinfo=UTC)
    said = message(severity=6, at=at, host="h" * 300, message_type="t" * 40, elements={}, text="").decode()
    assert f" {'h' * 255} safe-passage - {'t' * 32} - " in said
    assert " - safe-passage - - - " in message(severity=6, at=at, host="é", message_type=" ", elements={}, text="").decode()
