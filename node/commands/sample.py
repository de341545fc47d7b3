"""`sample-roster`: a roster of invented students, to try a node with."""

from pathlib import Path
from typing import Annotated

import typer

from node.commands.output import console, stop
from node.synthetic import ALDER, BIRCH
from node.synthetic import students as people
from node.synthetic.oneroster_writer import write_oneroster
from shared.clock import system_clock


def sample_roster(
    file: Annotated[Path, typer.Argument(help="New zip file.")],
    state: Annotated[str, typer.Option(help="alder or birch: which of the two fictional states.")] = "birch",
    students: Annotated[int, typer.Option(min=1, max=100_000)] = 200,
) -> None:
    """Write a OneRoster 1.2 CSV package of students who do not exist."""
    plan = {"alder": ALDER, "birch": BIRCH}.get(state)
    if plan is None:
        stop("The states are alder and birch.", code=2)
    try:
        as_of = system_clock().date()
        write_oneroster(file, plan, people(plan, as_of=as_of, count=students), as_of=as_of)
    except FileExistsError:
        stop(f"{file} exists; it was not replaced.")
    console.print(f"{students} invented students of {plan.name} are in {file}.")
