"""An act of a family member: a page of its own that says what it does and asks once more; done once however often it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from safepassage.canonical import digest_of
from safepassage.problems import SuiteError
from safepassage.problems.requests import IdempotencyKeyReused, InvalidRequest
from services.gateway.console.acts import ActForm
from services.gateway.console.node_reader import NodeReader
from services.gateway.console.words import word
from services.gateway.family.frame import FamilyFrame

REASON: Final = "asked-by-family"
"""Why something was taken back or narrowed: a code of the log's."""
YES: Final = "yes"
CHOOSE_ONE: Final = word("Choose at least one.")


@dataclass(frozen=True)
class Question:
    """What a form asks: check boxes, one of which is enough, or the one of several."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    """Code and word."""
    one: bool = False
    """One of them alone."""


@dataclass(frozen=True)
class FamilyAct:
    """A page that asks."""

    title: str
    lede: str
    action: str
    button: str
    back: str
    facts: Sequence[tuple[str, str]] = ()
    questions: Sequence[Question] = ()

    def page(self, frame: FamilyFrame, *, kept: Mapping[str, str] | None = None, wrong: str = "") -> Response:
        """The page; `wrong` says what is, with what was chosen kept."""
        return frame.page("act.html", status=422 if wrong else 200, act=self, kept=kept or {}, wrong=wrong)


def chosen(form: ActForm, question: Question) -> tuple[str, ...]:
    """The codes that were checked, of those that the question has."""
    if question.one:
        return tuple(code for code, _ in question.options if form.text(question.name) == code)
    return tuple(code for code, _ in question.options if form.text(f"{question.name}.{code}") == YES)


async def done(frame: FamilyFrame, node: NodeReader, act: FamilyAct, form: ActForm, method: str, path: str, body: BaseModel) -> Response:
    """Do it, and lead back. What the service refuses because of how things stand is said on the page."""
    try:
        await node.act("privacy", method, path, key=form.key, body=body)
    except IdempotencyKeyReused:
        # a form that asks nothing says the same each time but for the instant: the second click is no second act
        if act.questions:
            return act.page(frame, kept=form.fields, wrong=frame.translate(NOT_NOW))
    except SuiteError as error:
        if error.status not in (409, 422):
            raise
        return act.page(frame, kept=form.fields, wrong=frame.translate(NOT_NOW))
    return RedirectResponse(f"{act.back}?done=yes", 303)


NOT_NOW: Final = word("This cannot be done right now. Go back and look at what stands there, or ask your school district.")


def said(**what: Any) -> str:
    """The digest of what was on the page and agreed to: what an electronic form has instead of a signed paper."""
    return digest_of("\n".join(f"{name}={value}" for name, value in sorted(what.items())).encode())


def require_one_of(given: str, known: Sequence[str], field: str) -> None:
    """Raises InvalidRequest for a code of an address that is none."""
    if given not in known:
        raise InvalidRequest("not one of those that there are", field=field)
