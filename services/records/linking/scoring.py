"""Pairs of a node's students with their match weight: Splink on DuckDB, in memory alone.

Splink and DuckDB are heavy: only the job and the training import this module.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow
from splink import DuckDBAPI, Linker

from services.records.linking.persons import LinkedPerson

THREADS: Final = 2
CHUNK: Final = 20_000
"""Records of the right side that are compared at a time with all of the left: pairs wait in memory to be scored, by the million, and their
number grows with the square of the records'."""
ROWS_AT_ONCE: Final = 10_000

SCHEMA: Final = pyarrow.schema(
    [
        ("unique_id", pyarrow.string()),
        ("given", pyarrow.string()),
        ("given_forms", pyarrow.list_(pyarrow.string())),
        ("middle", pyarrow.string()),
        ("middle_initial", pyarrow.string()),
        ("surname", pyarrow.string()),
        ("surnames", pyarrow.list_(pyarrow.string())),
        ("birth_date", pyarrow.date32()),
        ("birth_transposed", pyarrow.date32()),
        ("birth_year", pyarrow.int32()),
        ("birth_text", pyarrow.string()),
        ("sex", pyarrow.string()),
        ("guardians", pyarrow.list_(pyarrow.string())),
        ("places", pyarrow.list_(pyarrow.string())),
    ]
)


class ScoredPair(NamedTuple):
    """Two records by key, and the base-2 logarithm of how much likelier they are one child's than two strangers'."""

    one: str
    other: str
    weight: float


def database() -> DuckDBAPI:
    """A DuckDB in memory. INVARIANT: nothing of it is ever on a disk: it has no folder to spill to, and runs out of memory instead."""
    connection = duckdb.connect(":memory:", config={"threads": THREADS, "temp_directory": ""})
    connection.execute("SET enable_progress_bar = false")
    return DuckDBAPI(connection)


def table_of(people: Sequence[LinkedPerson]) -> pyarrow.Table:
    """The rows that Splink reads. A birthday by default is none."""
    parts = [people[start : start + ROWS_AT_ONCE] for start in range(0, len(people), ROWS_AT_ONCE)]
    batches = [pyarrow.RecordBatch.from_pylist([_row(one) for one in part], schema=SCHEMA) for part in parts]
    return pyarrow.Table.from_batches(batches, schema=SCHEMA)


def linker_of(api: DuckDBAPI, settings: dict[str, Any] | Any, *sides: Sequence[LinkedPerson]) -> Linker:
    """A linker over one set of records (to find doubles in it) or two (to link one to the other)."""
    frames = [api.register(table_of(side), table_name=f"side_{number}") for number, side in enumerate(sides)]
    return Linker(frames if len(frames) > 1 else frames[0], settings, log_level=None)


def scored_pairs(settings: dict[str, Any], *sides: Sequence[LinkedPerson], at_least: float) -> Iterator[ScoredPair]:
    """Every pair of at least this weight, of those that share something by which pairs are looked for."""
    linker = linker_of(database(), settings, *sides)
    chunks = -(-len(sides[-1]) // CHUNK)
    found = linker.inference.predict(threshold_match_weight=at_least, num_chunks_left=1, num_chunks_right=max(chunks, 1))
    table: pyarrow.Table = found.as_pyarrow_table()  # type: ignore[no-untyped-call]  # Splink does not say what it gives
    batches = table.select(["unique_id_l", "unique_id_r", "match_weight"]).to_batches()
    for batch in batches:
        left, right, weight = (batch.column(place).to_pylist() for place in range(3))
        yield from map(ScoredPair, left, right, weight)


def _row(one: LinkedPerson) -> dict[str, Any]:
    born = None if one.born_by_default else one.birth_date
    return {
        "unique_id": one.key,
        "given": one.given,
        "given_forms": sorted(one.given_forms),
        "middle": one.middle,
        "middle_initial": one.middle[:1] if one.middle else None,
        "surname": one.surname,
        "surnames": sorted(one.surnames),
        "birth_date": born,
        "birth_transposed": None if born is None else one.transposed,
        "birth_year": None if one.birth_date is None else one.birth_date.year,
        "birth_text": None if born is None else born.isoformat(),
        "sex": one.sex,
        "guardians": sorted(one.guardians) or None,
        "places": sorted(one.places) or None,
    }
