"""How what the log and the papers have of one student is said: pure, for every state that a row can have."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_log import AccountedEntry, LegitimateInterest, Party
from safepassage.wire_policy import ActingFor, Consent
from safepassage.wire_student_rights import RightsRequest
from services.gateway.console.pages import Frame
from services.gateway.console.peers_named import NamedPeers
from services.gateway.console.student_shown import shown_consent, shown_entry, shown_request
from services.gateway.console.student_words import AWAITED, GOING_ON, REQUEST_STATES
from services.gateway.console.viewing import Viewing
from services.privacy.clocks.request_states import FIRST, STEPS
from tests.gateway.console.crossing import BIRCH

NOW = datetime(2026, 11, 23, 16, 41, tzinfo=UTC)
FRAME = Frame(cast("Any", None), cast("Any", None), Viewing("en", "auto", "America/Los_Angeles", NOW), "Department of Education")
BEFORE, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)
PEERS = NamedPeers({BIRCH: "XB"}, FRAME.translate)


def entry(**about: Any) -> AccountedEntry:
    """Of the accounting."""
    said: dict[str, Any] = {
        "phase": "disclosure",
        "on": NOW.date(),
        "at": NOW,
        "operation": "disclose",
        "party": Party(organisation=f"{BIRCH}#1", node=BIRCH),
        "interest": LegitimateInterest(purpose="enrollment", basis="transfer"),
        "ferpa_recordable": True,
        "idea_recordable": False,
        "log": "alder.example/log/2026",
        "index": 1234,
        "proof": "published",
    }
    return AccountedEntry(**(said | about))


@pytest.mark.parametrize(
    ("phase", "outcome", "tone", "what"),
    [
        ("disclosure", None, "plain", "Given"),
        ("request", "permit", "plain", "Asked for"),
        ("request", "deny", "danger", "Refused"),
        ("disclosure", "deny", "plain", "Given"),
        ("emergency", None, "warn", "Emergency put on record"),
        ("withdrawal", None, "warn", "Called back"),
    ],
)
def test_what_happened_is_said_by_phase_and_a_refusal_is_one_of_a_request_alone(phase: Any, outcome: Any, tone: str, what: str) -> None:
    shown = shown_entry(entry(phase=phase, outcome=outcome), FRAME, PEERS, {})
    assert (shown.tone, shown.what, shown.index) == (tone, what, "1,234")


def test_the_law_is_what_the_entry_cites_and_else_the_paragraph_of_its_basis() -> None:
    assert shown_entry(entry(), FRAME, PEERS, {}).law == "34 CFR 99.31(a)(2)"
    cited = LegitimateInterest(purpose="enrollment", basis="transfer", citations=("34 CFR 99.34", "MIC3 IV.A"))
    assert shown_entry(entry(interest=cited), FRAME, PEERS, {}).law == "34 CFR 99.34; MIC3 IV.A"


def test_what_the_law_asks_no_record_of_says_by_which_paragraph() -> None:
    assert shown_entry(entry(), FRAME, PEERS, {}).note == ""
    shown = shown_entry(entry(ferpa_recordable=False, exempt_by="34 CFR 99.32(d)"), FRAME, PEERS, {})
    assert shown.note == "The law asks for no record of this one: 34 CFR 99.32(d)"


def test_of_what_was_passed_on_it_is_said_by_whom() -> None:
    shown = shown_entry(entry(phase="onward", passed_on_by=Party(node="https://fir.example", agency="Fir Department")), FRAME, PEERS, {})
    assert (shown.what, shown.note) == ("Passed on", "Passed on by Fir Department")


def test_a_party_is_named_where_the_node_knows_it_and_the_state_of_another_is_said() -> None:
    ours = str(uuid4())
    known = shown_entry(entry(party=Party(organisation=ours)), FRAME, PEERS, {ours: "Lantern Reading"})
    assert (known.who, known.through) == ("Lantern Reading", "")
    theirs = shown_entry(entry(), FRAME, PEERS, {})
    assert (theirs.who, theirs.through) == ("1", "Birch")
    called = shown_entry(entry(party=Party(organisation=f"{BIRCH}#1", node=BIRCH, name="Birch Middle School")), FRAME, PEERS, {})
    assert (called.who, called.through) == ("Birch Middle School", "Birch")
    agency = shown_entry(entry(party=Party(node=BIRCH, agency="Birch Department of Education")), FRAME, PEERS, {})
    assert agency.who == "Birch Department of Education"


def consent(**about: Any) -> Consent:
    """Of a parent, to somebody."""
    acting_for = ActingFor(person_id=uuid4(), assurance_level="ial2", method="in-person", evidence_ref="visit 4", authenticated_at=NOW)
    said: dict[str, Any] = {
        "student_id": uuid4(),
        "acting_for": acting_for,
        "signed_on": NOW.date(),
        "signature": "paper",
        "document": digest_of(b"form"),
        "elements": ("identity.name",),
        "purposes": ("instruction",),
        "recipient_id": str(uuid4()),
        "id": uuid4(),
        "grantor_role": "parent",
        "granted_at": NOW - timedelta(days=9),
    }
    return Consent(**(said | about))


@pytest.mark.parametrize(
    ("about", "state", "act"),
    [
        ({}, "In force", "/take-back"),
        ({"expires_at": NOW + timedelta(seconds=1)}, "In force", "/take-back"),
        ({"expires_at": NOW}, "Expired", None),
        ({"withdrawn_at": NOW - timedelta(days=1)}, "Withdrawn", None),
        ({"withdrawn_at": NOW - timedelta(days=1), "expires_at": NOW}, "Withdrawn", None),
    ],
)
def test_a_consent_can_be_taken_back_while_it_stands_and_no_longer(about: dict[str, Any], state: str, act: str | None) -> None:
    shown = shown_consent(consent(**about), FRAME, {}, act="/take-back")
    assert (shown.state, shown.act) == (state, act)


@pytest.mark.parametrize(
    ("kind", "state", "due", "tone", "mark"),
    [
        ("inspection", "outstanding", LATER, "warn", "clock"),
        ("inspection", "outstanding", NOW, "danger", "clock"),
        ("inspection", "outstanding", None, "warn", "clock"),
        ("inspection", "complied", BEFORE, "plain", "check"),
        ("inspection", "withdrawn", BEFORE, "plain", "check"),
        ("amendment", "received", BEFORE, "danger", "clock"),
        ("amendment", "forwarded", LATER, "warn", "clock"),
        ("amendment", "refused", BEFORE, "plain", "check"),
        ("amendment", "hearing", BEFORE, "warn", "clock"),
        ("hearing", "requested", LATER, "warn", "clock"),
        ("hearing", "requested", BEFORE, "danger", "clock"),
        ("hearing", "scheduled", BEFORE, "danger", "clock"),
        ("hearing", "held", BEFORE, "warn", "clock"),
        ("hearing", "stands", BEFORE, "plain", "check"),
        ("statement", "placed", None, "plain", "check"),
    ],
)
def test_a_request_is_late_while_what_its_clock_is_for_is_not_done(
    kind: Any, state: str, due: datetime | None, tone: str, mark: str
) -> None:
    one = RightsRequest(id=uuid4(), kind=kind, organisation_id=uuid4(), state=state, recorded_at=NOW, overdue_at=due)
    shown = shown_request(one, FRAME)
    assert (shown.tone, shown.mark) == (tone, mark)
    assert bool(shown.more) == (mark == "clock" and due is not None and state not in ("hearing", "held")), "a clock that stands is not told"


def test_every_state_of_a_request_has_words_and_stands_where_the_service_has_it() -> None:
    states = {
        kind: {first, *STEPS[kind], *(then for step in STEPS[kind].values() for then in step.values())} for kind, first in FIRST.items()
    }
    assert set().union(*states.values()) == set(REQUEST_STATES)
    ends = {kind: states[kind] - STEPS[kind].keys() for kind in states}
    assert {kind: states[kind] - AWAITED[kind] - {one for of, one in GOING_ON if of == kind} for kind in states} == {
        "inspection": ends["inspection"],
        "amendment": ends["amendment"] - {"hearing"} | {"refused"},
        "hearing": ends["hearing"] | {"stands"},
        "statement": {"placed"},
    }
