"""What the node measures and what officials attest are put together, and counted apart."""

from datetime import timedelta
from typing import Any

import pytest

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.wire_readiness import Answer, Attestation, Scorecard
from services.privacy.readiness.measures import BELIEVED_FOR, MODELS, Measures
from services.privacy.readiness.scorecard import assess
from tests.privacy.readiness.reported import NOW, measures, report


def word(question_id: str, level: int = 3, *, document: bool = False, **more: Any) -> Attestation:
    values: dict[str, Any] = {
        "id": uuid7(NOW),
        "question_id": question_id,
        "version": 1,
        "level": level,
        "official": "o-1",
        "role": "privacy-officer",
        "client_id": "c",
        "attested_at": NOW - timedelta(days=1),
        "expires_at": NOW + timedelta(days=364),
        "document": {"digest": digest_of(b"d"), "reference": "page 1"} if document else None,
    }
    return Attestation.model_validate(values | more)


def card(reported: Measures | None = None, *words: Attestation) -> Scorecard:
    return assess(
        node="https://alder.example",
        measures=measures() if reported is None else reported,
        attestations={one.question_id: one for one in words},
        now=NOW,
    )


def answer(question_id: str, reported: Measures | None = None, *words: Attestation) -> Answer:
    return next(one for one in card(reported, *words).answers if one.question_id == question_id)


def test_a_good_node_scores_what_it_shows_and_nothing_that_needs_a_word() -> None:
    total = card().total
    assert (total.questions, total.possible) == (76, 304)
    assert (total.live, total.attested, total.absent) == (52, 0, 24)
    assert total.points == total.live_points == 52 * 4 - 2


def test_the_areas_add_up_to_the_whole() -> None:
    it = card(None, word("g1"), word("g2", 4, document=True))
    for member in ("questions", "points", "possible", "live_points", "attested_points", "live", "attested", "absent"):
        assert sum(getattr(area, member) for area in it.areas) == getattr(it.total, member)
    assert it.total.attested_points == 7
    assert it.total.points == it.total.live_points + 7


def test_a_word_counts_where_nothing_is_measured() -> None:
    assert answer("g1").rests_on == "nothing"
    assert (answer("g1", None, word("g1")).level, answer("g1", None, word("g1")).rests_on) == (3, "attestation")
    assert answer("g2", None, word("g2", 4, document=True)).rests_on == "document"


@pytest.mark.requirement("READY-measured")
def test_a_word_does_not_raise_what_the_node_measures() -> None:
    broken = measures(audit={"head_verified": False})
    found = answer("d35", broken, word("d35", 4, document=True))
    assert (found.level, found.rests_on, found.live_level) == (0, "nothing", 0)
    assert found.attestation is not None


def test_a_document_raises_what_is_answered_by_documents_too_and_never_lowers_it() -> None:
    found = answer("i9", None, word("i9", 4, document=True))
    assert (found.level, found.rests_on, found.live_level) == (4, "document", 3)
    lower = answer("i9", None, word("i9", 1, document=True))
    assert (lower.level, lower.rests_on) == (3, "live")


def test_a_bare_word_does_not_raise_what_documents_or_the_node_answer() -> None:
    assert answer("i9", None, word("i9", 4)).level == 3


def test_what_does_not_exist_yet_may_be_attested() -> None:
    none_yet = measures(privacy={"public_questions": 0, "public_questions_in_time": 0})
    assert (answer("c32", none_yet).level, answer("c32", none_yet).live_level) == (0, None)
    assert answer("c32", none_yet, word("c32", 2)).level == 2


@pytest.mark.parametrize(
    "ended",
    [{"expires_at": NOW}, {"withdrawn_at": NOW - timedelta(hours=1), "withdrawn_by": "o-2", "withdrawal_reason": "no-longer-true"}],
    ids=["expired", "withdrawn"],
)
def test_an_attestation_that_has_ended_counts_as_absent(ended: dict[str, Any]) -> None:
    found = answer("g1", None, word("g1", **ended))
    assert (found.level, found.rests_on, found.attestation) == (0, "nothing", None)
    assert answer("g1", None, word("g1", expires_at=NOW + timedelta(milliseconds=1))).level == 3


@pytest.mark.requirement("READY-measured")
@pytest.mark.parametrize("service", MODELS)
def test_what_a_silent_service_would_show_is_at_0_whatever_is_attested(service: str) -> None:
    old = NOW - BELIEVED_FOR
    stale = Measures(**{f"from_{one}": report(one, measured_at=old if one == service else NOW) for one in MODELS})
    it = card(stale, word("d35", 4, document=True))
    assert it.not_reported == (service,)
    silent = [one for one in it.answers if one.reason.startswith(f"{service} has not reported")]
    assert silent
    assert all((one.level, one.rests_on) == (0, "nothing") for one in silent)
    young = Measures(**{f"from_{one}": report(one, measured_at=old + timedelta(milliseconds=1)) for one in MODELS})
    assert card(young).not_reported == ()


def test_a_report_from_a_time_that_has_not_come_is_not_believed() -> None:
    ahead = Measures(**{f"from_{one}": report(one, measured_at=NOW + timedelta(minutes=2)) for one in MODELS})
    assert set(card(ahead).not_reported) == set(MODELS)


def test_without_any_measure_and_any_word_the_score_is_0() -> None:
    total = card(Measures()).total
    assert (total.points, total.absent) == (0, 76)


def test_each_level_says_what_led_to_it_and_when() -> None:
    for one in card().answers:
        if one.rests_on == "live":
            assert all(measure.measured_at == NOW for measure in one.measures)
            assert one.measures, one.question_id
        assert one.reason
        assert (one.raised_by is None) == (one.level == 4)
