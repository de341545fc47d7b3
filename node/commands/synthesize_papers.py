"""`synthesize-papers`: opt-outs, consents, agreements and disclosures of invented students, into a node that has the students."""

import asyncio
import csv
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from node.commands.output import console, stop
from node.synthetic.bringing import Bringing, Brought
from node.synthetic.papers import KINDS
from safepassage.client import Client, ClientFile
from safepassage.problems import SuiteError
from shared.clock import system_clock


def synthesize_papers(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="A state's folder of `synthesize`; its students are loaded.")
    ],
    agency: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Client file of the state agency.")],
    recipient: Annotated[UUID, typer.Option(help="The vendor's organization at the node.")],
    vendor: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Client file of the vendor; without it nothing is disclosed.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The state's truth/*-papers.csv: is each answer the expected one?")
    ] = None,
) -> None:
    """Bring in what families and districts signed, through the node's door, and say what became of it."""
    if not all((folder / f"{kind}.ndjson").is_file() for kind in KINDS):
        stop(f"{folder} has not all of {', '.join(KINDS)}.", "`synthesize` writes them beside a state's students.", code=2)
    try:
        brought = asyncio.run(_brought(folder, agency, recipient, vendor))
    except SuiteError as error:
        stop(f"{error.title}{f': {error.detail}' if error.detail else ''}", error.remedy)
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


async def _brought(folder: Path, agency: Path, recipient: UUID, vendor: Path | None) -> list[Brought]:
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(Client(ClientFile.load(agency)))
        theirs = None if vendor is None else await stack.enter_async_context(Client(ClientFile.load(vendor)))
        return [one async for one in Bringing(folder, ours, recipient, theirs, clock=system_clock).everything()]
