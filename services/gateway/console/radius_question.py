"""What a blast radius is asked for: of whom, between which instants; as a form has it, and as the address of its page does.

A person or a network address is in an address of ours only as a handle of the session; what names no person is there as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query
from pydantic import ValidationError

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_log_radius import BlastRadiusRequest
from services.gateway.console.acts import MISSING, NOT_READ, ActForm, FormWrong
from services.gateway.console.handles import Handles, SessionHandles
from services.gateway.console.viewing import Viewing, utc
from services.gateway.console.words import word

BEGIN: Final = "begin"
"""In place of a counting by where they live: begin one."""

KIND: Final = "blast-radius"
"""Of handles."""

MEMBERS: Final[Mapping[str, str]] = {
    "client": "client_id",
    "key": "key_thumbprint",
    "organisation": "organisation_id",
    "recipient": "recipient",
    "address": "address",
    "person": "person_id",
    "official": "signed_in",
}
"""By what the form calls it, the member of the request."""
OF_WORDS: Final[Mapping[str, str]] = {
    "client": word("A credential (client id)"),
    "key": word("A key (thumbprint)"),
    "organisation": word("An organization that asked (its id)"),
    "recipient": word("A vendor or other party that received (its id)"),
    "address": word("An address of the network"),
    "person": word("A parent or student for whom it was done (their id)"),
    "official": word("A person who had signed in (as the log calls them)"),
}
PERSONAL: Final = frozenset({"address", "person", "official"})
BACKWARDS: Final = word("This is not after the beginning.")
MORE_THAN_ONE: Final = word("This is not one of that kind.")


@dataclass(frozen=True)
class Question:
    """One, read."""

    of: str
    which: str
    request: BlastRadiusRequest
    count: UUID | None = None
    """Under which audit counts it, and keeps for an hour what it found."""
    living: str | None = None
    """How far its students are counted by where they live: BEGIN, or what records has signed for the reader: sums, and no student."""

    def counted_as(self, count: UUID) -> "Question":
        """The same, under an id."""
        return replace(self, count=count)

    def living_as(self, living: str | None) -> "Question":
        """The same, with its students counted so far by where they live."""
        return replace(self, living=living)

    def query(self, handles: Handles) -> str:
        """For an address. INVARIANT: it names no person and no network address."""
        asked = self.request
        which = handles.seal(KIND, self.which) if self.of in PERSONAL else self.which
        fields = {"of": self.of, "which": which, "from": utc(asked.touched_from), "until": utc(asked.touched_until)}
        if asked.discovered_at is not None:
            fields["discovered"] = utc(asked.discovered_at)
        kept = {"count": None if self.count is None else str(self.count), "living": self.living}
        return urlencode({**fields, **{name: value for name, value in kept.items() if value is not None}})


def question_of_form(form: ActForm, viewing: Viewing) -> Question:
    """Instants as the reader's clock shows them. Raises FormWrong."""
    of, which = form.text("of"), form.text("which")
    begins, ends, discovered = (viewing.instant_of(form.text(name)) for name in ("from", "until", "discovered"))
    wrong = {} if which else {"which": MISSING}
    wrong |= {} if of in MEMBERS else {"of": NOT_READ}
    for name, at in (("from", begins), ("until", ends), ("discovered", discovered)):
        if at is None and (form.text(name) or name != "discovered"):
            wrong[name] = NOT_READ if form.text(name) else MISSING
    if begins is not None and ends is not None and begins >= ends:
        wrong["until"] = BACKWARDS
    if wrong or begins is None or ends is None:
        raise FormWrong(wrong)
    try:
        return _question(of, which, begins, ends, discovered)
    except ValidationError as error:
        raise FormWrong({"which": MORE_THAN_ONE}) from error


def _question(of: str, which: str, begins: datetime, ends: datetime, discovered: datetime | None) -> Question:
    about = {MEMBERS[of]: which, "touched_from": begins, "touched_until": ends, "discovered_at": discovered}
    return Question(of, which, BlastRadiusRequest.model_validate(about))


async def _asked(
    handles: SessionHandles,
    of: Annotated[str, Query(max_length=20)],
    which: Annotated[str, Query(max_length=1024)],
    from_: Annotated[datetime, Query(alias="from")],
    until: Annotated[datetime, Query()],
    discovered: Annotated[datetime | None, Query()] = None,
    count: Annotated[UUID | None, Query()] = None,
    living: Annotated[str | None, Query(max_length=2000)] = None,
) -> Question:
    if of not in MEMBERS:
        raise InvalidRequest("none of the list", field="of")
    opened = handles.open(KIND, which) if of in PERSONAL else which
    try:
        question = _question(of, opened, from_, until, discovered)
    except ValidationError as error:
        raise InvalidRequest("a party and two instants, the first before the second, with their UTC offsets", field="which") from error
    return question if count is None else question.counted_as(count).living_as(living)


Asked = Annotated[Question, Depends(_asked)]
"""The question that a page's address has. Raises InvalidRequest, HandleUnknown."""
