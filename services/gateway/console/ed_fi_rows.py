"""An Ed-Fi system in a row, and what its pages have in tables. Pure but for the reader's words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from safepassage.wire_ed_fi import EdFiAttempts, EdFiHow, EdFiSystemOfOrganisation
from services.gateway.console.ed_fi_words import BROKEN_OFF, COUNTS, FAULTS, HOWS, KINDS, LASTING, LATE, PUSHED
from services.gateway.console.organisation_names import named
from services.gateway.console.state_remedies import Remedy
from services.gateway.console.viewing import Viewing, utc
from services.gateway.console.whole_tables import Filter, WholeTable, coded
from services.gateway.console.words import spaced, word
from shared.word_order import in_words

PATH: Final = "/console/ed-fi-systems"
ONE: Final = f"{PATH}/of/{{system}}"
API: Final = "/v1/ed-fi-systems"


@dataclass(frozen=True)
class ShownSystem:
    """A row of the table."""

    system: EdFiSystemOfOrganisation
    href: str
    organisation: str

    @property
    def how(self) -> EdFiHow:
        """The worst of what goes either way."""
        return max((one.how for one in (self.system.pulls, self.system.pushes) if one is not None), key=_weight, default="never")

    @property
    def succeeded_at(self) -> datetime | None:
        """The last pull that worked."""
        return None if self.system.pulls is None else self.system.pulls.succeeded_at

    @property
    def is_wrong(self) -> bool:
        """Whether it needs a person."""
        return self.how in LASTING


def _weight(how: EdFiHow) -> int:
    return ("never", "good", "under-way", "failing", "late", "failing-long").index(how)


def shown_system(one: EdFiSystemOfOrganisation, names: Mapping[UUID, str]) -> ShownSystem:
    """A system in a row."""
    whose = "" if one.organisation_id is None else named(names, one.organisation_id)
    return ShownSystem(one, ONE.format(system=one.name), whose)


def in_trouble(row: ShownSystem, viewing: Viewing, _: Callable[[str], str]) -> Iterator[Remedy]:
    """What is wrong with pulling from a system and pushing to it, and what to do."""
    command = f"safepassage-node job pull-ed-fi NODE --system {row.system.name}"
    for attempts, title, job in ((row.system.pulls, _("Pulling"), command), (row.system.pushes, _("Pushing"), "")):
        if attempts is None or attempts.how not in ("failing", *LASTING):
            continue
        if attempts.how == "late":
            says = _("The last attempt was at %(at)s, and the next should have been at %(next)s.")
            told = {"at": viewing.instant(attempts.attempted_at), "next": viewing.instant(attempts.next_at or attempts.attempted_at)}
            yield Remedy("danger", f"{title}: {says % told}", _(LATE), job)
        if attempts.fault is None and attempts.how == "failing":
            yield Remedy("warn", f"{title}: {_(BROKEN_OFF[0])}", _(BROKEN_OFF[1]), job)
        if attempts.fault is not None:
            says, do = FAULTS[attempts.fault]
            yield Remedy("danger" if attempts.how in LASTING else "warn", f"{title}: {_(says)} {_since(attempts, viewing, _)}", _(do), job)


def _since(attempts: EdFiAttempts, viewing: Viewing, _: Callable[[str], str]) -> str:
    if attempts.failing_since is None:
        return ""
    told = {"n": viewing.number(attempts.faults), "at": viewing.instant(attempts.failing_since)}
    return _("Attempts in a row: %(n)s, the first at %(at)s.") % told


def counted(attempts: EdFiAttempts | None, viewing: Viewing, _: Callable[[str], str], *, pushed: bool = False) -> list[tuple[str, str]]:
    """What came or went, each with its word."""
    words = PUSHED if pushed else COUNTS
    counts = {} if attempts is None else attempts.counts
    return [(_(words[name]) if name in words else spaced(name), viewing.number(count)) for name, count in counts.items()]


SYSTEMS: Final = WholeTable(
    "ed-fi-systems",
    {
        "system": lambda row: (in_words(row.system.name), row.organisation),
        "-worked": lambda row: row.succeeded_at,
        "-came": lambda row: None if row.system.pulls is None else row.system.pulls.counts.get("students"),
    },
    filters={"how": Filter(word("How it stands"), lambda row, _: [(row.how, _(HOWS[row.how][2]))], HOWS)},
    file={
        "system": lambda row: row.system.name,
        "organisation_id": lambda row: None if row.system.organisation_id is None else str(row.system.organisation_id),
        "host": lambda row: row.system.host,
        "keeps": lambda row: row.system.keeps,
        **{
            f"{direction}_{name}": of
            for direction in ("pulls", "pushes")
            for name, of in {
                "how": lambda row, direction=direction: _member(row, direction, "how"),
                "fault": lambda row, direction=direction: _member(row, direction, "fault"),
                "faults": lambda row, direction=direction: _member(row, direction, "faults"),
                "attempted_at": lambda row, direction=direction: _instant(row, direction, "attempted_at"),
                "succeeded_at": lambda row, direction=direction: _instant(row, direction, "succeeded_at"),
                "failing_since": lambda row, direction=direction: _instant(row, direction, "failing_since"),
                "next_at": lambda row, direction=direction: _instant(row, direction, "next_at"),
            }.items()
        },
        "students": lambda row: None if row.system.pulls is None else row.system.pulls.counts.get("students"),
    },
    is_first=True,
)

LOADS: Final = WholeTable(
    "loads",
    {"-loaded": lambda row: row.loaded_at, "-students": lambda row: row.counts.get("students", 0), "-wrong": lambda row: row.wrong},
    filters={
        "quality": Filter(
            word("Did not validate"),
            lambda row, _: [("some", _("Something"))] if row.wrong else [("none", _("Nothing"))],
            ("some", "none"),
        )
    },
    file={
        "id": lambda row: str(row.id),
        "loaded_at": lambda row: utc(row.loaded_at),
        "students": lambda row: row.counts.get("students", 0),
        "created": lambda row: row.counts.get("created", 0),
        "changed": lambda row: row.counts.get("changed", 0),
        "wrong": lambda row: row.wrong,
    },
    is_first=True,
)
CAUSES: Final = WholeTable(
    "causes",
    {"-often": lambda row: row.count},
    filters={"kind": Filter(word("Kind"), lambda row, _: [(row.kind, _(KINDS[row.kind]))], KINDS)},
    file={
        "reason": lambda row: row.reason,
        "kind": lambda row: row.kind,
        "count": lambda row: row.count,
        "positions": lambda row: list(row.positions),
    },
)
WRONG: Final = WholeTable(
    "not-valid",
    {"-often": lambda row: row.count, "where": lambda row: (in_words(row.resource), in_words(row.member))},
    filters={
        "resource": Filter(word("Resource"), lambda row, _: [(coded(row.resource), row.resource)]),
        "rule": Filter(word("Rule"), lambda row, _: [(coded(row.rule), row.rule)]),
    },
    file={
        "resource": lambda row: row.resource,
        "member": lambda row: row.member,
        "rule": lambda row: row.rule,
        "count": lambda row: row.count,
        "positions": lambda row: list(row.positions),
    },
)


def _member(row: ShownSystem, direction: str, name: str) -> Any:
    attempts = getattr(row.system, direction)
    return None if attempts is None else getattr(attempts, name)


def _instant(row: ShownSystem, direction: str, name: str) -> str | None:
    at = _member(row, direction, name)
    return None if at is None else utc(at)
