"""Searches of the log that an organisation keeps, to run them again."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from safepassage.wire import Instant, Name, Wire
from safepassage.wire_log import EntrySearch


class NewSavedSearch(Wire):
    """`PUT /v1/log/saved-searches/{id}`: a search under a name. It is stored sealed, name and all."""

    name: Name
    search: EntrySearch


class SavedSearch(NewSavedSearch):
    """A search that an organisation keeps."""

    id: UUID
    saved_at: Instant


class SavedSearches(Wire):
    """Those of the caller's organisation, the newest first."""

    saved_searches: Annotated[tuple[SavedSearch, ...], Field(max_length=200)]


class SavedSearchRun(Wire):
    """`POST /v1/log/saved-searches/{id}/runs`: with other times than were saved, where any is given."""

    logged_from: Instant | None = None
    logged_until: Instant | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.logged_from is not None and self.logged_until is not None and self.logged_from >= self.logged_until:
            raise ValueError("logged_from: before logged_until")
        return self
