"""The OneRoster 1.2 rostering service: its collections as the standard has them, through this client's token and proofs.

The token names the agreement: `agreement_id` of the client file.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from uuid import UUID

import httpx2

from safepassage.client.call import Call, Page, taking
from safepassage.client.roster_objects import RosterObjects, RosterPackage
from safepassage.problems.calls import AnswerNotUnderstood

ROSTERING: Final = "/ims/oneroster/rostering/v1p2/"


def read_oneroster(
    path: str,
    *,
    filter: str | None = None,  # noqa: A002 - the standard's name
    sort: str | None = None,
    descending: bool = False,
    fields: tuple[str, ...] | None = None,
    limit: int = 1000,
    offset: int = 0,
) -> Call[Page[RosterObjects]]:
    """A collection, page by page, or an object: `students`, `classes/<sourcedId>/students`. Scope roster.readonly, or its narrower ones.

    path    below /ims/oneroster/rostering/v1p2/, its parts percent-encoded
    filter  `familyName='Núñez' AND dateLastModified>'2026-09-01'`, as the standard has it
    """
    asked: dict[str, object] = {
        "limit": limit,
        "offset": offset,
        "filter": filter,
        "sort": sort,
        "orderBy": "desc" if descending else None,
        "fields": ",".join(fields) if fields else None,
    }
    return _asked(ROSTERING + path, {name: str(value) for name, value in asked.items() if value is not None})


def read_roster_package(agreement_id: UUID, *, since: UUID | None = None) -> Call[RosterPackage]:
    """The roster of an agreement as a OneRoster 1.2 CSV package, a zip. Scope roster.readonly.

    since  the id of a package that was processed: what has changed since, and what is not in the roster any more, as a delta; None: all
    """

    def read(response: httpx2.Response) -> RosterPackage:
        package = RosterPackage(response.content)
        with suppress(ValueError):
            package.id = UUID(response.headers.get("etag", "").strip('"'))
        return package

    asked = {"agreement_id": str(agreement_id)} | ({} if since is None else {"since": str(since)})
    return taking(120, Call("GET", "/v1/roster-package", read, query=tuple(asked.items()), accept="application/zip"))


def _asked(path: str, query: Mapping[str, str]) -> Call[Page[RosterObjects]]:
    def read(response: httpx2.Response) -> Page[RosterObjects]:
        try:
            [held] = json.loads(response.content).values()
            total = response.headers.get("x-total-count")
            page = RosterObjects(tuple(held) if isinstance(held, list) else (held,), None if total is None else int(total))
        except (ValueError, AttributeError, TypeError) as error:
            raise AnswerNotUnderstood from error
        following = int(query["offset"]) + int(query["limit"])
        if page.total is None or following >= page.total:
            return Page(page, None)
        return Page(page, _asked(path, {**query, "offset": str(following)}))

    return taking(60, Call("GET", path, read, query=tuple(query.items())))
