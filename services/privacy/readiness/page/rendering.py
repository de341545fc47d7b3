"""Fills the page's template. Everything that is filled in is escaped."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, get_args

from safepassage.wire_readiness import Answer, Area, AreaScore, CrossReference, Score, Scorecard
from services.privacy.readiness.finding import percent
from services.privacy.readiness.questions import BY_ID

FOLDER: Final = Path(__file__).parent

AREAS: Final[dict[str, str]] = {
    "governance": "Governance and people",
    "inventory": "Inventory and minimisation",
    "agreements": "Legal basis and agreements",
    "rights": "Consent, rights, transparency",
    "log": "Disclosure log and audit",
    "exchange": "Interstate exchange",
    "vendors": "Vendors",
    "security": "Security",
    "breach": "Breach",
    "retention": "Retention and destruction",
    "quality": "Quality and training",
}
LEVELS: Final = ("Absent", "Ad hoc", "Documented", "Implemented", "Measured")
FRAMEWORKS: Final = {"ferpa": "FERPA", "idea": "IDEA", "csf": "CSF", "cis": "CIS", "ptac": "PTAC", "other": ""}
RESTS_ON: Final = {
    "live": "Shown by the node",
    "document": "Shown by a document",
    "attestation": "Attested",
    "nothing": "Nothing on record",
}


@lru_cache(maxsize=1)
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 the page alone needs it, and no start waits for it

    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("scorecard.html")


def as_page(card: Scorecard, *, agency: str) -> str:
    """The whole page."""
    text: str = _template().render(
        card=card,
        agency=agency,
        style=(FOLDER / "scorecard.css").read_text(),
        total=_bar(card.total),
        areas=[_area(score, card) for score in card.areas],
        needs=sorted(_wanting(card), key=lambda one: (one["level"], one["order"]))[:6],
        levels=LEVELS,
    )
    return text


def _bar(score: Score) -> dict[str, Any]:
    return {
        "score": score,
        "percent": percent(score.points, score.possible),
        "live": percent(score.live_points, score.possible),
        "attested": percent(score.attested_points, score.possible),
    }


def _area(score: AreaScore, card: Scorecard) -> dict[str, Any]:
    answers = [_answer(one) for one in card.answers if BY_ID[one.question_id].area == score.area]
    return {"id": score.area, "name": AREAS[score.area], "bar": _bar(score), "answers": answers}


def _answer(answer: Answer) -> dict[str, Any]:
    question = BY_ID[answer.question_id]
    return {
        "answer": answer,
        "question": question,
        "level": answer.level,
        "word": LEVELS[answer.level],
        "rests_on": RESTS_ON[answer.rests_on],
        "measured_at": max((one.measured_at for one in answer.measures), default=None),
        "references": [_reference(one) for one in question.references],
    }


def _reference(one: CrossReference) -> dict[str, Any]:
    name = FRAMEWORKS[one.framework]
    return {"at": f"{name} {one.at}".strip() if name and not one.at.startswith(("NIST CSF", "CIS")) else one.at, "checked": one.checked}


def _wanting(card: Scorecard) -> Iterator[dict[str, Any]]:
    """What could be raised by the node's own people soonest: measured, and low."""
    for order, answer in enumerate(card.answers):
        if answer.raised_by is not None and answer.live_level is not None and answer.live_level < 3:
            yield {
                "order": order,
                "level": answer.level,
                "question": BY_ID[answer.question_id],
                "answer": answer,
                "word": LEVELS[answer.level],
            }


assert set(AREAS) == set(get_args(Area))  # noqa: S101 the page has a name for each area
