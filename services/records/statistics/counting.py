"""Counting coded students by group: DuckDB over columns in memory, nothing of it on a disk.

DuckDB is heavy: a node that is asked nothing does not load it.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, NamedTuple

import pyarrow

from safepassage.wire_statistics import WORDS, StatisticsQuestion
from services.records.statistics.coding import DIMENSIONS, MEASURES, NO, UNKNOWN, WIDTH

THREADS: Final = 2


class Counted(NamedTuple):
    """Of one group: how many students, and for each measure how many of whom it is true, and known. Exact: never leaves the process."""

    students: int
    measures: tuple[tuple[int, int], ...]


def counts(
    codes: bytes | bytearray, districts: Sequence[int], names: Sequence[str], question: StatisticsQuestion, *, proficient_level: int
) -> Mapping[tuple[str, ...], Counted]:
    """The groups in which somebody is.

    codes      WIDTH bytes a student
    districts  for each student the place of the district in `names`
    """
    table = pyarrow.table(_columns(codes, districts))
    database = database_in_memory()
    try:
        database.register("student", table)
        rows = database.execute(_statement(question, proficient_level)).fetchall()
    finally:
        database.close()
    width = len(question.by)
    return {
        tuple(names[place] if one == "district" else WORDS[one][place] for one, place in zip(question.by, row, strict=False)): Counted(
            row[width], tuple((row[width + 1 + 2 * n] or 0, row[width + 2 + 2 * n] or 0) for n in range(len(question.measures)))
        )
        for row in rows
        if row[width]
    }


def database_in_memory() -> Any:
    """INVARIANT: nothing of it is ever on a disk: it has no folder to spill to, and runs out of memory instead."""
    database = import_module("duckdb").connect(":memory:", config={"threads": THREADS, "temp_directory": ""})
    database.execute("SET enable_progress_bar = false")
    return database


def _columns(codes: bytes | bytearray, districts: Sequence[int]) -> dict[str, pyarrow.Array]:
    fields: list[str] = [*DIMENSIONS, *MEASURES]
    made = {
        name: pyarrow.Array.from_buffers(pyarrow.uint8(), len(districts), [None, pyarrow.py_buffer(bytes(codes[place::WIDTH]))])
        for place, name in enumerate(fields, start=1)
    }
    return {**made, "district": pyarrow.array(districts, pyarrow.int32())}


def _statement(question: StatisticsQuestion, proficient_level: int) -> str:
    """SQL of words of the closed vocabulary alone."""
    by = [f'"{one}"' for one in question.by]
    wanted = [*by, "count(*)"]
    for measure in question.measures:
        above = proficient_level if measure.startswith("proficient-") else NO
        wanted += [f'count(*) FILTER (WHERE "{measure}" > {above})', f'count(*) FILTER (WHERE "{measure}" <> {UNKNOWN})']
    placed = ' WHERE "district" >= 0' if "district" in question.by else ""
    grouped = f" GROUP BY {', '.join(by)}" if by else ""
    return f"SELECT {', '.join(wanted)} FROM student{placed}{grouped}"  # noqa: S608 its words are those of the question's closed vocabulary
