"""A message of a later version: what it says in `also` is done without; what it says anywhere else is refused, as another version is."""

import json
from typing import Any

import pytest

from safepassage.also import MOST_BYTES
from safepassage.canonical import canonical_json
from safepassage.claims import Message, read_closed
from safepassage.notice import Notice, NoticeContent, read_notice
from safepassage.problems.envelopes import PlaintextNotCommitted
from safepassage.problems.requests import UnsupportedVersion
from safepassage.problems.signatures import MalformedToken
from safepassage.sealing import padded, pt_commit
from tests.sdk.exchange import ALDER, BIRCH, ENVELOPE_ID, EXCHANGE_ID, SALT
from tests.sdk.test_messages import KINDS, VECTORS
from tests.sdk.test_wire_pages import ALSO, WIRE

LATER: dict[str, Any] = {"also": {"years_later": {"deep": ["0", None, 7]}, "versions": {"sp-request+jws": [1, 2]}}}
CLAIMS = {vector["typ"]: vector["claims"] for vector in VECTORS["messages"]}
TELLING, ASKING = sorted(ALSO & CLAIMS.keys()), sorted(CLAIMS.keys() - ALSO)


def read(kind: type[Message], claims: dict[str, Any]) -> Message:
    return read_closed(canonical_json(claims), model=kind)


@pytest.mark.requirement("UPGRADE-also")
@pytest.mark.parametrize("typ", TELLING)
def test_what_a_later_version_tells_besides_changes_nothing_of_what_is_told(typ: str) -> None:
    known, told = read(KINDS[typ], CLAIMS[typ]), read(KINDS[typ], CLAIMS[typ] | LATER)
    assert told != known
    assert told.model_copy(update={"also": None}) == known
    assert told.claims() == CLAIMS[typ] | LATER  # what is hashed of it, and signed anew, is what came
    assert "also" not in known.claims()


@pytest.mark.requirement("UPGRADE-also")
@pytest.mark.parametrize("typ", TELLING)
@pytest.mark.parametrize("more", [{"years_later": 1}, {"also": None, "only_if": "signed"}, {"v": 2}], ids=["a member", "beside it", "v"])
def test_outside_of_that_place_a_message_is_closed(typ: str, more: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedVersion if "v" in more else MalformedToken):
        read(KINDS[typ], CLAIMS[typ] | more)


@pytest.mark.requirement("UPGRADE-also")
@pytest.mark.parametrize("typ", ASKING)
def test_what_asks_or_permits_has_no_such_place(typ: str) -> None:
    with pytest.raises(MalformedToken) as refused:
        read(KINDS[typ], CLAIMS[typ] | LATER)
    assert refused.value.field == "also"


def test_what_asks_or_permits_is_no_other_message_than_it_was() -> None:
    assert {*ASKING} == {"sp-request+jws", "sp-envelope+jws", "sp-comparison+jws", "sp-notice+jws", "sp-decision+jwt"}


WRONG: dict[str, Any] = {
    "nothing": {},
    "another name": {"Years": 1},
    "no number of one form": {"level": 1.5},
    "a number beyond what is exact": {"level": 2**60},
    "too large": {"level": "x" * MOST_BYTES},
    "no object": ["level"],
}


@pytest.mark.parametrize("also", WRONG.values(), ids=WRONG)
def test_the_place_takes_what_everybody_writes_alike_and_no_more(also: Any) -> None:
    claims = json.dumps(CLAIMS["sp-ending+jws"] | {"also": also}).encode()
    with pytest.raises(MalformedToken):
        read_closed(claims, model=KINDS["sp-ending+jws"])


def test_a_sealed_notice_is_committed_to_with_what_else_it_says() -> None:
    said: dict[str, Any] = {"iss": BIRCH, "aud": ALDER, "exchange_id": str(EXCHANGE_ID), "notice_id": str(ENVELOPE_ID)}
    claims = CLAIMS["sp-notice+jws"] | said
    content = {"v": 1, **said, "pt_salt": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "kind": "concurrent-claims", **LATER}
    committed = pt_commit(salt=SALT, plaintext=padded(content))
    notice = read_closed(canonical_json(claims | {"pt_commit": committed}), model=Notice)
    told = read_notice(padded(content), notice=notice)
    assert (told.kind, told.also) == ("concurrent-claims", LATER["also"])
    assert NoticeContent.model_validate_json(told.model_dump_json(exclude_none=True)).plaintext() == padded(content)
    with pytest.raises(PlaintextNotCommitted):
        read_notice(padded(content | {"also": {"years_later": 2}}), notice=notice)


def test_the_page_says_which_messages_have_the_place() -> None:
    assert KINDS.keys() | {"sp-chain-part+jws"} >= ALSO
    assert f"{MOST_BYTES:,} bytes" in WIRE
