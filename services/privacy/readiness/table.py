"""The scorecard as CSV, safe to open in a spreadsheet. Pure."""

from typing import Final

from safepassage.wire_readiness import Answer, ReadinessQuestion, Scorecard
from services.privacy.readiness.questions import BY_ID
from shared.spreadsheet import table

COLUMNS: Final = (
    "id", "area", "question", "level", "rests_on", "reason", "raised_by", "measured_level", "measures", "measured_at",
    "official", "role", "attested_at", "expires_at", "document", "document_digest", "references", "references_unchecked",
)  # fmt: skip


def as_table(card: Scorecard) -> str:
    """A line for each question."""
    return table(COLUMNS, (_cells(answer, BY_ID[answer.question_id]) for answer in card.answers))


def _cells(answer: Answer, question: ReadinessQuestion) -> list[str]:
    attested, document = answer.attestation, answer.attestation and answer.attestation.document
    measured_at = max((one.measured_at for one in answer.measures), default=None)
    return [
        question.id,
        question.area,
        question.question,
        str(answer.level),
        answer.rests_on,
        answer.reason,
        answer.raised_by or "",
        "" if answer.live_level is None else str(answer.live_level),
        "; ".join(f"{one.service}: {one.name} = {one.value}" for one in answer.measures),
        "" if measured_at is None else f"{measured_at:%Y-%m-%dT%H:%M:%SZ}",
        attested.official if attested else "",
        attested.role if attested else "",
        f"{attested.attested_at:%Y-%m-%d}" if attested else "",
        f"{attested.expires_at:%Y-%m-%d}" if attested and attested.expires_at else "",
        document.reference if document else "",
        document.digest if document else "",
        "; ".join(f"{one.framework}: {one.at}" for one in question.references if one.checked),
        "; ".join(f"{one.framework}: {one.at}" for one in question.references if not one.checked),
    ]
