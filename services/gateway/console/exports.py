"""What a list's page exports: the rows that its person may see, with codes, ids and instants, as a table for a spreadsheet or as JSON."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from services.gateway.console.node_reader import AT_ONCE, NodeReader
from services.gateway.console.whole_tables import Asked, WholeTable
from shared import siblings
from shared.siblings import Model
from shared.spreadsheet import MEDIA_TYPE, table
from shared.who_may_call import ServiceName

Form = Annotated[Literal["csv", "json"], Query(alias="form", description="csv: for a spreadsheet; json: an array of objects")]

JSON: Final = "application/json"
Row = TypeVar("Row")


async def rows_of(
    node: NodeReader,
    service: ServiceName,
    path: str,
    answer: type[Model],
    query: siblings.Query,
    of: Callable[[Model], Iterable[Row]],
    *,
    most: int,
    at_once: int = AT_ONCE,
    body: BaseModel | None = None,
) -> list[Row]:
    """The rows of a list that a service gives in pages: all, or more than `most`, by which `exported` knows that there are more.

    A page may be short, or empty, and be followed by another. Raises as `NodeReader.read`.
    """
    found: list[Row] = []
    asked: siblings.Query | None = {**query, "limit": at_once}
    while asked is not None and len(found) <= most:
        page, asked = await node.page(service, path, answer, asked, body=body)
        found += of(page)
    return found


def exported(
    name: str, form: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]], *, most: int | None = None, left_out: int = 0
) -> Response:
    """A file. `name`: its own, without an ending; nothing personal. `rows`: as JSON has them; what is in no column is left out.

    In a table a list is its members with blanks between; what has no value is empty there, and null in JSON.

    most      rows that leave at the most: of a file that has not all of them the name says so (docs/decisions/0088)
    left_out  newest entries of the log that were not looked through for it: the name says so too
    """
    if left_out:
        name = f"{name}-without-newest-{left_out}"
    if most is not None and len(rows) > most:
        name, rows = f"{name}-first-{most}", rows[:most]
    headers = {"content-disposition": f'attachment; filename="{name}.{form}"'}
    if form == "json":
        said = [{column: row[column] for column in columns} for row in rows]
        return Response(json.dumps(said, ensure_ascii=False), media_type=JSON, headers=headers)
    return Response(table(columns, [[_cell(row[column]) for column in columns] for row in rows]), media_type=MEDIA_TYPE, headers=headers)


def filed(whole: WholeTable, rows: Sequence[Any], asked: Asked, form: str) -> Response:
    """The file of a table that is wholly on its page: all rows that fit what is asked for, in its order."""
    columns, lines = whole.filed(rows, asked)
    return exported(whole.name, form, columns, lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
