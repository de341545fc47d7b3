"""Ground truth: who is who. It is written apart, and no service ever reads it."""

import csv
from collections.abc import Iterable
from pathlib import Path

from node.synthetic.students import SyntheticStudent

COLUMNS = ("source_system", "source_id", "person_id", "case", "twin_of_source_id", "true_state_id")


def write_truth(path: Path, everyone: Iterable[SyntheticStudent]) -> int:
    """Write one row a student; gives how many."""
    written = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for one in everyone:
            twin = "" if one.twin_of is None else f"{one.load.source_id[:2]}{one.twin_of:07d}"
            table.writerow((one.load.source_system, one.load.source_id, one.person_id, one.case or "", twin, one.true_state_id))
            written += 1
    return written
