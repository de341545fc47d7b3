"""The scorecard as CSV (RFC 4180), safe to open in a spreadsheet: no cell begins a formula. Pure."""

import csv
import io
from typing import Final

from safepassage.wire_readiness import Answer, ReadinessQuestion, Scorecard
from services.privacy.readiness.questions import BY_ID

COLUMNS: Final = (
    "id", "area", "question", "level", "rests_on", "reason", "raised_by", "measured_level", "measures", "measured_at",
    "official", "role", "attested_at", "expires_at", "document", "document_digest", "references", "references_unchecked",
)  # fmt: skip

STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula, full-width forms too."""


def as_table(card: Scorecard) -> str:
    """A line for each question, every cell quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for answer in card.answers:
        writer.writerow([harmless(cell) for cell in _cells(answer, BY_ID[answer.question_id])])
    return out.getvalue()


def harmless(cell: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would take it for a formula, blanks before it or not."""
    return f"'{cell}" if cell.lstrip(" \u00a0\u3000").startswith(STARTS_FORMULA) or cell[:1] in STARTS_FORMULA else cell


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
