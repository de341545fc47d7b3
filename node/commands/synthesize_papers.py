"""`synthesize-papers`: opt-outs, consents, agreements and disclosures of invented students, into a node that has the students."""

import asyncio
import csv
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from node.commands.output import console, errors, stop
from node.synthetic.bringing import OF_STUDENTS, Bringing, Brought
from node.synthetic.papers import KINDS
from safepassage.client import Client, ClientFile
from safepassage.problems import SuiteError
from shared.clock import system_clock

BRINGING: Final = "what was signed"


def synthesize_papers(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="A state's folder of `synthesize`; its students are loaded.")
    ],
    agency: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Client file of the state agency.")],
    recipient: Annotated[UUID, typer.Option(help="The vendor's organization at the node.")],
    vendor: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Client file of the vendor; without it nothing is disclosed.")
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(min=1, help="Opt-outs and consents at the most, of each the first ones; a node lets look up 60 students a minute."),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The state's truth/*-papers.csv: is each answer the expected one?")
    ] = None,
) -> None:
    """Bring in what families and districts signed, through the node's door, and say what became of it."""
    if not all((folder / f"{kind}.ndjson").is_file() for kind in KINDS):
        stop(f"{folder} has not all of {', '.join(KINDS)}.", "`synthesize` writes them beside a state's students.", code=2)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=errors, transient=True) as shown:
            brought = asyncio.run(_brought(folder, agency, recipient, vendor, most, shown))
    except SuiteError as error:
        remedy = f"{error.remedy} Then call this again: within 24 hours what is on record already is not brought in twice."
        stop(f"{error.title}{f': {error.detail}' if error.detail else ''}", remedy)
    for (kind, outcome), times in sorted(Counter((one.kind, one.outcome) for one in brought).items()):
        console.print(f"{kind}: {times:,} {outcome}")
    if truth is not None:
        _compare(brought, truth)


def _compare(brought: list[Brought], truth: Path) -> None:
    with truth.open(newline="", encoding="utf-8") as file:
        expected = {row["key"]: row["expected"] for row in csv.DictReader(file)}
    others = [one for one in brought if expected.get(one.key) != one.outcome]
    for one in others:
        console.print(f"{one.key}: {one.outcome}, expected {expected.get(one.key, 'nothing')}")
    if others:
        stop(f"{len(others):,} of {len(brought):,} are not as expected.")
    console.print(f"All {len(brought):,} are as expected.")


async def _brought(folder: Path, agency: Path, recipient: UUID, vendor: Path | None, most: int | None, shown: Progress) -> list[Brought]:
    counts = {kind: _count(folder / f"{kind}.ndjson") for kind in KINDS if kind != "disclosures" or vendor}
    if most is not None:
        counts |= {kind: min(counts[kind], most) for kind in OF_STUDENTS}
    bar = shown.add_task(BRINGING, total=sum(counts.values()))

    async def pause(seconds: float) -> None:
        shown.update(bar, description=f"waiting {seconds:.0f} s, as the node asks")
        await asyncio.sleep(seconds)
        shown.update(bar, description=BRINGING)

    brought: list[Brought] = []
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(Client(ClientFile.load(agency)))
        theirs = None if vendor is None else await stack.enter_async_context(Client(ClientFile.load(vendor)))
        async for one in Bringing(folder, ours, recipient, theirs, clock=system_clock, most=most, pause=pause).everything():
            brought.append(one)
            shown.advance(bar)
    return brought


def _count(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return sum(1 for _ in file)
