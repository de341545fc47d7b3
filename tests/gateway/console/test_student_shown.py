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
from services.gateway.console.viewing import Viewing
from tests.gateway.console.crossing import BIRCH

NOW = datetime(2026, 11, 23, 16, 41, tzinfo=UTC)
FRAME = Frame(cast("Any", None), cast("Any", None), Viewing("en", "auto", "America/Los_Angeles", NOW), "Department of Education")
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
    ("state", "due", "tone"),
    [
        ("outstanding", NOW + timedelta(days=1), "warn"),
        ("outstanding", NOW, "danger"),
        ("outstanding", None, "warn"),
        ("complied", NOW - timedelta(days=1), "plain"),
        ("withdrawn", NOW - timedelta(days=1), "plain"),
    ],
)
def test_a_request_is_late_while_nobody_has_answered_it(state: str, due: datetime | None, tone: str) -> None:
    one = RightsRequest(id=uuid4(), kind="inspection", organisation_id=uuid4(), state=state, recorded_at=NOW, overdue_at=due)
    assert shown_request(one, FRAME).tone == tone
