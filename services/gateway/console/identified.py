"""Whom staff have identified, and how: the fields of a form in which an officer acts for a parent or student, and what they say."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from safepassage.wire_policy import ActingFor
from services.gateway.console.acts import MISSING, NOT_READ, ActForm, Field, FormWrong
from services.gateway.console.pages import Frame
from services.gateway.console.student_words import IDENTIFIED_BY
from services.gateway.console.words import word

ASSURED: Final = {
    "ial1": word("Weakly: by what they said of themselves (IAL1)"),
    "ial2": word("By documents that were checked (IAL2)"),
    "ial3": word("In person, by documents that a trained officer checked (IAL3)"),
}
"""How well staff have identified somebody (NIST SP 800-63A); the officer says it, and the log keeps it as their word."""

IDENTITY: Final[Mapping[str, str]] = {
    "assurance_level": "ial1 to ial3",
    "identified_at": "On the reader's clock",
    "method": "How identified",
    "evidence_ref": "What shows it",
}
"""Names of the fields, for `form_of`."""


def identity_fields(frame: Frame, *, evidence: str) -> list[Field]:
    """`evidence`: what the reference is of, in the reader's language."""
    _ = frame.translate
    choose = ("", _("Choose"))
    assured = [(code, _(name)) for code, name in ASSURED.items()]
    methods = [(code, _(name)) for code, name in IDENTIFIED_BY.items()]
    return [
        Field("assurance_level", _("How well is the person identified?"), kind="choice", options=[choose, *assured]),
        Field("identified_at", _("When did you identify them?"), _("On your clock, and not after now."), kind="datetime-local"),
        Field("method", _("How did you identify the person?"), kind="choice", options=[choose, *methods]),
        Field("evidence_ref", evidence, _("A reference of your own records, without anybody's name.")),
    ]


def identified(form: ActForm, frame: Frame, person_id: UUID) -> ActingFor:
    """The person, whom staff identified when and as well as the officer says. Raises FormWrong."""
    if missing := [name for name in IDENTITY if not form.text(name)]:
        raise FormWrong(dict.fromkeys(missing, MISSING))
    identified_at = frame.viewing.instant_of(form.text("identified_at"))
    if identified_at is None or identified_at > frame.viewing.now:
        raise FormWrong({"identified_at": NOT_READ})
    return form.model(ActingFor, person_id=person_id, authenticated_at=identified_at)
