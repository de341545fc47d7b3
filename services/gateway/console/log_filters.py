"""What is looked for in the log: filters of the page as a search of the audit service. Pure but for what stands behind a handle.

INVARIANT: what stands for a student, a person, an address or a key is in a handle of the session, never in an address of a page.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_log import EntrySearch, LogOrder
from services.gateway.console.decisions import instant_of
from services.gateway.console.handles import Handles
from services.gateway.console.sorting import Orders
from services.gateway.console.viewing import Viewing
from services.gateway.console.words import word

ORDERS: Final = Orders("-logged_at", region="#log")
"""What the log's index gives at once, however long the log is."""

HANDLE: Final = "log"
"""The kind of its handles."""

MEMBERS: Final[Mapping[str, str]] = {
    "kind": "classes",
    "outcome": "outcomes",
    "purpose": "purposes",
    "basis": "bases",
    "state": "recipient_states",
    "category": "categories",
    "element": "elements",
    "operation": "operations",
    "reason": "reasons",
    "client": "client_ids",
    "job": "jobs",
    "organisation": "organisation_ids",
    "custodian": "custodian_ids",
    "recipient": "recipient_organisations",
    "exchange": "exchange_ids",
    "decision": "decision_ids",
    "policy": "policy_hashes",
}
"""Of each filter the member of the search (docs/audit.md)."""

PRIVATE: Final[Mapping[str, tuple[str, str]]] = {
    "student": ("student_id", word("A student, by the node’s number")),
    "person": ("acting_for", word("A parent or eligible student, by the node’s number")),
    "official": ("signed_in", word("A person who had signed in, as the log calls them")),
    "address": ("addresses", word("A network address")),
    "key": ("key_thumbprints", word("A key, by its thumbprint")),
}
"""Filters that never stand in an address: their member, and what they are."""

NO_NAME: Final = re.compile(r"[A-Za-z0-9._:/#-]*")
"""What codes, identifiers and clients are written in: no blanks, so that nobody's name is taken for one."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=265)]
Day = Annotated[str, StringConstraints(max_length=10)]


class LogFilters(BaseModel):
    """The query of the page."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, validate_by_alias=True)

    kind: Text = ""
    outcome: Text = ""
    purpose: Text = ""
    basis: Text = ""
    state: Text = ""
    category: Text = ""
    element: Text = ""
    operation: Text = ""
    reason: Text = ""
    client: Text = ""
    job: Text = ""
    organisation: Text = ""
    custodian: Text = ""
    recipient: Text = ""
    exchange: Text = ""
    decision: Text = ""
    policy: Text = ""
    from_: Annotated[Day, Field(alias="from")] = ""
    to: Day = ""
    who: Annotated[str, StringConstraints(max_length=1024)] = ""
    """A handle of a private filter."""
    saved: Annotated[str, StringConstraints(max_length=36)] = ""
    """A search that the organisation keeps: its other filters are those that were kept."""
    sort: LogOrder = "-logged_at"
    cursor: Annotated[str, StringConstraints(max_length=2000)] = ""

    def kept(self, **changed: str) -> dict[str, str]:
        """What the address of the same list says, its pages left out."""
        said = self.model_dump(by_alias=True, exclude={"cursor", "sort"}) | ORDERS.kept(self.sort) | changed
        return {name: value for name, value in said.items() if value}

    def href(self, path: str, **changed: str) -> str:
        """`path` with these filters."""
        query = urlencode(self.kept(**changed))
        return f"{path}?{query}" if query else path

    @property
    def codes(self) -> dict[str, str]:
        """The filters that are codes, where they say anything."""
        return {name: value for name in MEMBERS if (value := getattr(self, name))}

    def saved_id(self) -> UUID | None:
        """Raises InvalidRequest."""
        try:
            return UUID(self.saved) if self.saved else None
        except ValueError as error:
            raise InvalidRequest("none of the searches that are kept", field="saved") from error


def times_of(filters: LogFilters, viewing: Viewing) -> dict[str, datetime]:
    """From the first day to the end of the last one, in the reader's zone. Raises InvalidRequest."""
    begins = instant_of(filters.from_, viewing, field="from")
    ends = instant_of(filters.to, viewing, field="to", last=True)
    if begins is not None and ends is not None and begins >= ends:
        raise InvalidRequest("the last day is before the first", field="to")
    found = {"logged_from": begins, "logged_until": ends}
    return {name: value for name, value in found.items() if value is not None}


def private_of(filters: LogFilters, handles: Handles) -> dict[str, str]:
    """By its name, the private filter that a handle stands for. Raises HandleUnknown."""
    return dict(json.loads(handles.open(HANDLE, filters.who))) if filters.who else {}


def handle_of(name: str, value: str, handles: Handles) -> str:
    """The handle of a private filter."""
    return handles.seal(HANDLE, json.dumps({name: value}))


def search_of(filters: LogFilters, viewing: Viewing, private: Mapping[str, str]) -> EntrySearch:
    """The search. Raises InvalidRequest, which names the filter and not what it says."""
    for name, value in filters.codes.items():
        if NO_NAME.fullmatch(value) is None:
            raise InvalidRequest("a code or an identifier, without blanks", field=name)
    said: dict[str, object] = {MEMBERS[name]: [value] for name, value in filters.codes.items()}
    for name, value in private.items():
        member = PRIVATE[name][0]
        said[member] = value if member == "student_id" else [value]
    try:
        return EntrySearch.model_validate(said | times_of(filters, viewing))
    except ValidationError as error:
        names = {member: name for name, member in MEMBERS.items()} | {member: "value" for member, _ in PRIVATE.values()}
        member = str(error.errors()[0]["loc"][0])
        raise InvalidRequest("it is not written as such a code or identifier is", field=names.get(member, member)) from error
