"""As many children as a test wants, no two of whom could be taken for one another: each is born on a day of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle
from typing import Final

from node.synthetic import SyntheticStudent

FIRST_BORN: Final = date(2008, 9, 1)
YEARS: Final = 12


def children_born_apart(models: Sequence[SyntheticStudent]) -> Iterator[SyntheticStudent]:
    """One after the other, some 3,500: each has the record of one of `models`, with another day of birth and other ids."""
    for number, (day, model) in enumerate(zip(_days(), cycle(models), strict=False)):
        yield _born_on(day, model, number)


def _days() -> Iterator[date]:
    """None is another with month and day exchanged, and none is the first of January, which stands for a day that is not known."""
    taken: set[tuple[int, ...]] = set()
    for number in range(YEARS * 365):
        day = FIRST_BORN + timedelta(days=number)
        form = (day.year, *sorted((day.month, day.day)))
        if form not in taken and (day.month, day.day) != (1, 1):
            taken.add(form)
            yield day


def _born_on(day: date, model: SyntheticStudent, number: int) -> SyntheticStudent:
    document, state_id = model.load.record.document(), f"77{number:07}"
    document["identity"]["birth_date"]["birth_date"] = day.isoformat()
    document["identity"]["identifiers"] = [
        {**one, "value": state_id if one["kind"] == "state" else f"{one['kind']}-{number}"} for one in document["identity"]["identifiers"]
    ]
    loaded = {name: part for name, part in document.items() if name not in ("v", "provenance")}
    record = type(model.load.record).model_validate(loaded)
    load = model.load.model_copy(update={"record": record, "source_id": f"apart-{number}"})
    return replace(model, load=load, true_state_id=state_id)
