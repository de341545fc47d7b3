"""A page of what the register has: rows in the order of their ids, as far as the limit, and the way to the next page."""

from collections.abc import Mapping, Sequence
from typing import Annotated, TypeVarTuple
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy import Row, Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from shared.cursors import Cursor, Limit, next_link
from shared.internal_token import CallerClaims

Entities = TypeVarTuple("Entities")


class _Page:
    """What a request says of the page that it wants."""

    def __init__(self, request: Request, response: Response, limit: Limit = 100, cursor: Cursor = None) -> None:
        self._cursors, self._response, self._limit, self._cursor = request.app.state.cursors, response, limit, cursor

    async def rows(
        self,
        tx: AsyncSession,
        query: Select[*Entities],
        identifier: InstrumentedAttribute[UUID],
        *,
        path: str,
        listed: str,
        caller: CallerClaims,
        asked: Mapping[str, str] | None = None,
    ) -> Sequence[Row[*Entities]]:
        """The rows of the page; where more follow, the answer gets a Link. Raises InvalidRequest for a cursor of another list or caller.

        identifier  the column that orders them, of the query's first entity
        path        of the list
        listed      what is listed: a cursor holds for that alone
        asked       what else the request asked for, to be asked again
        """
        bound_to = f"{listed}:{caller.client_id}"
        position = self._cursors.read(self._cursor, bound_to=bound_to)
        if position is not None:
            query = query.where(identifier > UUID(position["after"]))
        rows: Sequence[Row[*Entities]] = (await tx.execute(query.order_by(identifier).limit(self._limit + 1))).all()
        if len(rows) > self._limit:
            last = getattr(next(iter(rows[self._limit - 1])), identifier.key)
            after = self._cursors.sign({"after": str(last)}, bound_to=bound_to)
            self._response.headers["link"] = next_link(path, {"limit": self._limit, "cursor": after, **(asked or {})})
        return rows[: self._limit]


Page = Annotated[_Page, Depends()]
