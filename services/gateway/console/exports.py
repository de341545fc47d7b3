"""What a list's page exports: the rows that its person may see, with codes, ids and instants, as a table for a spreadsheet or as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from starlette.responses import Response

from services.gateway.console.whole_tables import Asked, WholeTable
from shared.spreadsheet import MEDIA_TYPE, table

Form = Annotated[Literal["csv", "json"], Query(alias="form", description="csv: for a spreadsheet; json: an array of objects")]

JSON: Final = "application/json"


def exported(name: str, form: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> Response:
    """A file. `name`: its own, without an ending; nothing personal. `rows`: as JSON has them; what is in no column is left out.

    In a table a list is its members with blanks between; what has no value is empty there, and null in JSON.
    """
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
