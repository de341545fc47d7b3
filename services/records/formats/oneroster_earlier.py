"""What an earlier row of the same sourcedId said otherwise, kept beside the row that counts. Pure."""

import re
from typing import Final

from services.records.formats.oneroster_beyond import MOST_OF_A_ROW
from services.records.formats.parsed import Findings

_EARLIER: Final = re.compile(r" \(earlier ([0-9]+)\)$")


def beside_earlier(before: dict[str, str], row: dict[str, str], position: str, findings: Findings) -> dict[str, str]:
    """The row with the values of the earlier one that are other ones, each in a column of its own: `title (earlier 1)`.

    So each is kept, told and, where it names a student who goes, taken out as any column that is not read. Of more than there is room for
    nothing is kept, and that is said.
    """
    earlier = {column: value for column, value in before.items() if _EARLIER.search(column)}
    said = {column: value for column, value in before.items() if column not in earlier and row.get(column) != value}
    if said:
        number = 1 + max((int(found[1]) for column in earlier if (found := _EARLIER.search(column))), default=0)
        earlier |= {f"{column} (earlier {number})": value for column, value in said.items()}
    if sum(map(len, earlier.values())) > MOST_OF_A_ROW:
        findings.missed("too-much-to-keep", position)
        return row
    return {**row, **earlier}
