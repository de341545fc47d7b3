"""Acts of a person on a page: a form that says what it will do, is sent once however often it is sent, and keeps what was written in it.

An act has a page of its own (`act.html`): what is done, to whom, how it is undone, a reason; its button names the act. After it the person
is led (303) to a page that shows what is there now.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from safepassage.problems import SuiteError
from safepassage.problems.requests import InvalidRequest
from services.gateway.people.forms import read_form

KEY: Final = "act"
"""The field that holds the form's own key, under which the services do it once."""
KEYS: Final = re.compile(r"[0-9a-f]{32}")

MISSING: Final = "Fill this in."
TOO_LONG: Final = "This is too long."
NOT_READ: Final = "This cannot be read. Compare it with the example."
SAID: Final = (MISSING, TOO_LONG, NOT_READ)
"""Messages that stand beside a field."""
FIELDS: Final = {"acting_for.authenticated_at": "identified_at"}
"""Members of what is sent that a form calls otherwise."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Field:
    """A field of a form, for `part.field`."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    """text, date, datetime-local, number, area, choice, check, checks (each `name.code`), or fingerprint: of a file that is not sent."""
    required: bool = True
    options: Sequence[tuple[str, str]] = ()
    """Of a choice or of checks: code and word."""


OF_THE_FORM: Final = frozenset({400, 409, 422})
"""A service's refusals that are about what was written."""


class FormWrong(Exception):
    """A form that cannot be taken as it is. `fields`: what is wrong, by field; "" is of the whole. English messages, to be translated."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(sorted(fields)))
        self.fields = fields


@dataclass(frozen=True)
class ActForm:
    """What came. `key`: for `NodeReader.act`."""

    fields: Mapping[str, str]
    key: str

    def text(self, name: str) -> str:
        """A field, without blanks around it; empty where it is not there."""
        return self.fields.get(name, "").strip()

    def model(self, kind: type[Model], **more: Any) -> Model:
        """The form as a body. Empty fields are as if they were not there; `more` is what the page knows itself. Raises FormWrong."""
        said = {name: value for name in self.fields if name in _names(kind) and (value := self.text(name))}
        try:
            return kind.model_validate({**said, **more})
        except ValidationError as error:
            raise FormWrong({str(one["loc"][0]) if one["loc"] else "": _message(one["type"]) for one in error.errors()}) from error


def new_key() -> str:
    """For a form: 128 random bits, 32 characters."""
    return secrets.token_hex(16)


@contextmanager
def refusals_beside(*fields: str) -> Iterator[None]:
    """While a form is carried out: a service's refusal stands beside the field that it names, or over the form.

    Raises FormWrong; and the problem itself where it is not about what was written.
    """
    try:
        yield
    except SuiteError as error:
        if error.status not in OF_THE_FORM:
            raise
        named = FIELDS.get(error.field or "", error.field)
        beside = named if named is not None and named in fields else ""
        raise FormWrong({beside: error.detail or error.title}) from error


def _names(kind: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in kind.model_fields.items()}


def _message(fault: str) -> str:
    return MISSING if fault == "missing" else TOO_LONG if fault.endswith("too_long") else NOT_READ


async def _act_form(request: Request) -> ActForm:
    fields = read_form(await request.body())
    key = fields.get(KEY, "")
    if KEYS.fullmatch(key) is None:
        raise InvalidRequest("the form has no key of its own: open its page again", field=KEY)
    return ActForm(fields, key)


Act = Annotated[ActForm, Depends(_act_form)]
"""The form that came."""
