"""The scorecard: what the rules measured and what officials attested, put together. Pure: the same inputs give the same card."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args

from safepassage.wire_readiness import Answer, Area, AreaScore, Attestation, ReadinessQuestion, Score, Scorecard
from services.privacy.readiness.finding import TOP, Finding
from services.privacy.readiness.measures import Measures, NotReported
from services.privacy.readiness.questions import QUESTIONS
from services.privacy.readiness.rules import RULES


def assess(*, node: str, measures: Measures, attestations: Mapping[str, Attestation], now: datetime) -> Scorecard:
    """The scorecard at `now`.

    measures      the newest of each service; those that are too old count as missing
    attestations  the newest version of each question, by the question's id; one that was withdrawn or has expired counts as absent
    """
    fresh = measures.at(now)
    answers = tuple(answer(question, fresh, _in_force(attestations.get(question.id), now)) for question in QUESTIONS)
    by_id = {one.question_id: one for one in answers}
    areas = tuple(_area(area, [by_id[question.id] for question in QUESTIONS if question.area == area]) for area in get_args(Area))
    return Scorecard(
        node=node,
        assessed_at=now,
        total=Score.model_validate(_score(answers)),
        areas=areas,
        answers=answers,
        not_reported=fresh.not_reported,
    )


def answer(question: ReadinessQuestion, measures: Measures, attested: Attestation | None) -> Answer:
    """How one question stands.

    # INVARIANT: where the node measures what a question asks, a word alone does not raise the level; a document may, where the question
    # is answered by documents too.
    """
    rule = RULES.get(question.id)
    if rule is None:
        return _attested(question, None, attested)
    try:
        found = rule(measures)
    except NotReported as missing:
        found = Finding(0, f"{missing.service} has not reported within ten minutes.", f"See why {missing.service} does not report.")
    if found.level is None or _document_raises(question, found.level, attested):
        return _attested(question, found, attested)
    return Answer(
        question_id=question.id,
        level=found.level,
        rests_on="live" if found.level else "nothing",
        reason=found.reason,
        raised_by=found.raised_by,
        live_level=found.level,
        measures=found.measures,
        attestation=attested,
    )


def _attested(question: ReadinessQuestion, found: Finding | None, attested: Attestation | None) -> Answer:
    """What is answered by a person's word, and what may be because there is nothing to measure."""
    live = {} if found is None else {"live_level": found.level, "measures": found.measures}
    if attested is None:
        reason = "Nothing is on record." if found is None else found.reason
        raised_by = _wanted(question) if found is None else found.raised_by
        return Answer(question_id=question.id, level=0, rests_on="nothing", reason=reason, raised_by=raised_by, **live)
    rests_on = "attestation" if attested.document is None else "document"
    until = f"{attested.expires_at:%Y-%m-%d}"
    return Answer(
        question_id=question.id,
        level=attested.level,
        rests_on=rests_on,
        reason=f"Attested on {attested.attested_at:%Y-%m-%d} by an official ({attested.role}), until {until}.",
        raised_by=None if attested.level == TOP else "Attest a higher level when it is reached.",
        attestation=attested,
        **live,
    )


def _document_raises(question: ReadinessQuestion, level: int, attested: Attestation | None) -> bool:
    return "document" in question.evidenced_by and attested is not None and attested.document is not None and attested.level > level


def _wanted(question: ReadinessQuestion) -> str:
    return "Attach the document." if "document" in question.evidenced_by else "Let an official attest it."


def _in_force(attested: Attestation | None, now: datetime) -> Attestation | None:
    if attested is None or attested.withdrawn_at is not None or attested.expires_at is None or attested.expires_at <= now:
        return None
    return attested


def _area(area: Area, answers: Iterable[Answer]) -> AreaScore:
    return AreaScore.model_validate({"area": area, **_score(answers)})


def _score(answers: Iterable[Answer]) -> dict[str, int]:
    answers = tuple(answers)
    live = [one.level for one in answers if one.rests_on == "live"]
    attested = [one.level for one in answers if one.rests_on in ("document", "attestation")]
    return {
        "questions": len(answers),
        "points": sum(live) + sum(attested),
        "possible": TOP * len(answers),
        "live_points": sum(live),
        "attested_points": sum(attested),
        "live": len(live),
        "attested": len(attested),
        "absent": len(answers) - len(live) - len(attested),
    }
