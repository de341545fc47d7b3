"""Ed-Fi systems with all that their pages can show; a district sees its own alone."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from safepassage.ids import uuid7
from safepassage.record.loads import LoadReport, NotValid, Unresolved
from services.gateway.console import ed_fi_system_page
from services.gateway.console.ed_fi_rows import ONE, PATH
from services.records.ed_fi.doors import EdFiDoors
from services.records.ed_fi.systems import EdFiSystem, EdFiSystems
from services.records.tables import EdFiStandingRow, LoadRow
from tests.gateway.console.consoles import Console, new_district
from tests.gateway.console.exchanged import stored
from tests.gateway.people.signing_in import Browser
from tests.records.exchange.two_states import at_once

ENROLMENTS = "studentSchoolAssociations"


def known(console: Console, *systems: tuple[str, UUID]) -> None:
    """The operator's file has these: names, and whose they are."""
    state = console.node.applications["records"].state
    made = tuple(
        EdFiSystem(name=name, organisation_id=whose, url=f"https://{name}.example/v7.2/api", client_id="node", secret_file=Path("secret"))
        for name, whose in systems
    )
    state.ed_fi = EdFiDoors(EdFiSystems(systems=made), state.ed_fi._session, clock=state.clock, wait=at_once)


def standing(console: Console, system: str, direction: str, *, ago: timedelta, whose: UUID | None = None, **more: Any) -> EdFiStandingRow:
    """How the last attempt ended: some time ago, well."""
    at = console.house.now - ago
    usual: dict[str, Any] = {"attempted_at": at, "ended_at": at, "succeeded_at": at, "faults": 0, "counts": "{}"}
    if direction == "pull":
        usual["next_at"] = at + timedelta(days=1)
    return EdFiStandingRow(organisation_id=whose or console.district.id, system=system, direction=direction, **(usual | more))


def failing(since: datetime, fault: str, faults: int) -> dict[str, Any]:
    """It has been."""
    return {"fault": fault, "faults": faults, "failing_since": since, "succeeded_at": since - timedelta(hours=1)}


def load(console: Console, system: str, at: datetime, *, reasons: dict[str, int], wrong: Sequence[NotValid] = ()) -> LoadRow:
    """What came with a pull."""
    report = LoadReport(
        id=uuid7(at),
        format="ed-fi-api",
        loaded_at=at,
        counts={"students": 4182, "created": 12, "changed": 31, "unchanged": 4139, "kept-beside-the-record": 7},
        reasons=reasons,
        unresolved=tuple(Unresolved(reason=reason, position=f"students:{number}") for reason in reasons for number in range(5)),
        not_valid=tuple(wrong),
    )
    return LoadRow(
        id=report.id,
        organisation_id=console.district.id,
        client_id=f"job:pull-ed-fi:{system}",
        format=report.format,
        loaded_at=at,
        report=report.model_dump_json(),
    )


async def several(console: Console) -> None:
    """One that works, one that has failed for a week, one that nobody pulls from any more, one that was never tried."""
    now, district = console.house.now, console.district.id
    known(console, ("oak-sis", district), ("elm-sis", district), ("ash-sis", district), ("new-sis", district))
    places = tuple(f"{ENROLMENTS}:{number}" for number in range(4))
    wrong = [
        NotValid(resource=ENROLMENTS, member="entryDate", rule="required", count=31, positions=places),
        NotValid(resource="students", member="birthDate", rule="format", count=2, positions=("students:17",)),
    ]
    pushed = json.dumps({"students": 3, "created": 41, "updated": 0, "refused": 2, "not-sent": 0})
    week = now - timedelta(days=7)
    await stored(
        console,
        standing(console, "oak-sis", "pull", ago=timedelta(hours=2), counts=json.dumps({"students": 4182, "created": 12, "changed": 31})),
        standing(console, "oak-sis", "push", ago=timedelta(hours=1), counts=pushed),
        standing(console, "elm-sis", "pull", ago=timedelta(hours=1), **failing(week, "credentials-refused", 8)),
        standing(console, "elm-sis", "push", ago=timedelta(hours=1), **failing(now - timedelta(hours=2), "all-refused", 2)),
        standing(console, "ash-sis", "pull", ago=timedelta(days=9)),
        load(console, "oak-sis", now - timedelta(days=1), reasons={}),
        load(console, "oak-sis", now - timedelta(hours=2), reasons={"not-valid": 33, "school-unknown": 6, "member-kept": 7}, wrong=wrong),
    )


async def _systems(console: Console) -> list[str]:
    await several(console)
    return [PATH, *(ONE.format(system=name) for name in ("oak-sis", "elm-sis", "ash-sis", "new-sis"))]


async def _anothers(console: Console, _officer: Browser) -> list[str]:
    other = await console.house.hand.add_organisation(new_district("Wasco County", console.agency, nces_id="4100001"))
    await console.settle()
    known(console, ("wasco-sis", other.id), ("state-sis", console.agency.id))
    return [ONE.format(system="wasco-sis"), ONE.format(system="state-sis")]


async def _anothers_files(console: Console, officer: Browser) -> list[str]:
    return [f"{path}/export" for path in await _anothers(console, officer)]


FOREIGN = {ONE: _anothers, ed_fi_system_page.EXPORT: _anothers_files}
MORE_PATHS = {"ed-fi systems": _systems}
