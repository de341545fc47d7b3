"""A notice of a breach in words: whom to tell, until when, whom it binds, and what was read of its law."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from safepassage.wire_log_radius import BreachNotice
from services.gateway.console.duty_words import DUTY_WORDS, NOTICE_WORDS, authorities, law_of
from services.gateway.console.pages import Frame
from services.gateway.console.words import word

APPLIES_WORDS: Final[Mapping[str, str]] = {
    "agency": word("Binds public agencies"),
    "contractor": word("Binds businesses, so contractors"),
    "both": word("Binds public agencies and businesses"),
    "unclear": word("What was read does not say whether it binds public agencies"),
}

SOURCE_WORDS: Final[Mapping[str, str]] = {
    "statute": word("the statute"),
    "regulation": word("the regulation"),
    "bill": word("a bill"),
    "official-page": word("a page of a public body"),
    "chart": word("a chart of others"),
}

STARTS: Final = frozenset(
    {
        word("the contractor discovered it"),
        word("the breach was discovered, or the contractor's notice came"),
        word("the operator determined that there was a breach"),
        word("the operator's notice came, or the breach was determined"),
        word("the party confirmed the breach"),
        word("the breach was discovered"),
        word("the breach was discovered, or notice of it came"),
        word("it was determined that there was a breach"),
        word("the breach was confirmed"),
        word("the people affected were told"),
        word("the contractor's notice came"),
    }
)
"""What starts a clock."""

NOTICE_COLUMNS: Final = ("state", "students", "students_by", *(name for name in BreachNotice.model_fields if name != "to"), "to")
"""Of the file of notices. `students_by`: residence (who lives in the state, as far as is known) or told (of whom a node of it was told)."""


@dataclass(frozen=True)
class ShownNotice:
    """Whom to tell, by when."""

    what: str
    term: str
    """Within how many hours or days; empty where its law names none that can be counted."""
    wording: str
    """The law's own words, in English."""
    starts: str
    citation: str
    binds: str
    read: str
    due_at: datetime | None
    left: int | None
    """Days of the reader's calendar until then; negative where it is past."""
    known: bool
    owed: bool
    """So many students were touched as its law asks for."""


def shown_notice(notice: BreachNotice, frame: Frame) -> ShownNotice:
    """As a page has it."""
    _ = frame.translate
    what = _(NOTICE_WORDS[notice.kind]) if notice.kind in NOTICE_WORDS else _(DUTY_WORDS.get(notice.kind, notice.kind))
    if notice.kind in NOTICE_WORDS and (told := authorities(notice.to, _)):
        what = f"{what}: {told}"
    if notice.from_people is not None and notice.from_people > 1:
        what = _("%(notice)s, from %(n)s people on") % {"notice": what, "n": frame.viewing.number(notice.from_people)}
    return ShownNotice(
        what=what,
        term=term_of(notice.hours, frame),
        wording=notice.wording,
        starts=_(notice.starts) if notice.starts else "",
        citation=law_of(notice.citation, _),
        binds=_(APPLIES_WORDS[notice.applies]),
        read=_read(notice, frame),
        due_at=notice.due_at,
        left=None if notice.due_at is None else frame.viewing.days_left(notice.due_at),
        known=notice.source != "none",
        owed=notice.owed,
    )


def term_of(hours: int | None, frame: Frame) -> str:
    """Within how many hours or days; empty where a law names none."""
    _, number = frame.translate, frame.viewing.number
    if hours is None:
        return ""
    if hours <= 72:
        return _("Within %(n)s hours") % {"n": number(hours)}
    return _("Within %(n)s days") % {"n": number(hours // 24)}


def _read(notice: BreachNotice, frame: Frame) -> str:
    if notice.source not in SOURCE_WORDS:
        return ""
    _ = frame.translate
    values = {"source": _(SOURCE_WORDS[notice.source]), "date": notice.read_of}
    if notice.read_of == "undated":
        said = _("Read in %(source)s, undated") if notice.compared else _("At second hand, from %(source)s, undated: compare the law")
    else:
        said = _("Read in %(source)s of %(date)s") if notice.compared else _("At second hand, from %(source)s of %(date)s: compare the law")
    return said % values
