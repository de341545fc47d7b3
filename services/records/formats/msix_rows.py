"""Rows of the files of minimum data elements while they are made, and how their cells say a day, a code and a flag. Pure."""

from dataclasses import dataclass, field
from datetime import date

from safepassage.record.codes import Coded, OrganisationReference
from services.records.formats.msix_columns import COLUMNS

Row = dict[str, str]


@dataclass
class Files:
    """Rows as they are made."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def add(self, name: str, record: int, values: Row) -> None:
        """A row of a child: its columns by name."""
        self.rows[name].append({"Record": str(record), **values})

    def report(self, name: str, record: int, column: str, reason: str, *members: str) -> None:
        """Something that a reader of the file should know."""
        told = {"File": f"{name}.csv", "Record": str(record), "Column": column, "Reason": reason, "Members": " ".join(members)}
        self.rows["report"].append(told)


def day_text(day: date | None) -> str:
    """YYYYMMDD, as the collection has dates."""
    return "" if day is None else day.strftime("%Y%m%d")


def flag_text(value: bool | None) -> str:
    """Yes or No; empty where it is not known."""
    return "" if value is None else "Yes" if value else "No"


def code_text(coded: Coded | None) -> str:
    """The code, without whose it is."""
    return "" if coded is None else coded.code


def plain_text(value: object) -> str:
    """A number as it is written; empty for none."""
    return "" if value is None else str(value)


def number_of(organisation: OrganisationReference | None) -> str:
    """By which a school or district is known most widely (ONE_OF)."""
    return "" if organisation is None else organisation.nces_id or organisation.state_id or organisation.local_id or ""
