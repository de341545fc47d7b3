"""`synthesize`: two states of invented students, with who is who in a folder apart."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from node.commands.output import console, stop
from node.synthetic.files import Format, write_profile
from node.synthetic.population import Population
from node.synthetic.profiles import PROFILES
from node.synthetic.states import StatePlan
from shared.clock import system_clock

FORMATS: dict[str, Format] = {name: name for name in get_args(Format)}
TOLD_EVERY = 100


def synthesize(
    folder: Annotated[Path, typer.Argument(help="New folder.")],
    profile: Annotated[
        str, typer.Option(help=f"{', '.join(f'{one.name} ({one.students:,} a state)' for one in PROFILES.values())}.")
    ] = "demo",
    format_: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")] = "own",
    seed: Annotated[int, typer.Option(help="The same seed and day give the same students.")] = 1,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on which it is; today, if not given.")] = None,
) -> None:
    """Write two states of students who do not exist, through four school years, as a node loads them."""
    if profile not in PROFILES or format_ not in FORMATS:
        stop(f"The profiles are {', '.join(PROFILES)}; the formats are {', '.join(FORMATS)}.", code=2)
    day = (as_of or system_clock()).date()
    population = Population(PROFILES[profile], as_of=day, seed=seed)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} of {task.total:,.0f} and who moved in"))
    try:
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as shown:
            tasks = {state.name: shown.add_task(state.name, total=population.count) for state in population.states}

            def progress(state: StatePlan, written: int) -> None:
                if written % TOLD_EVERY == 0:
                    shown.update(tasks[state.name], completed=written)

            written = list(write_profile(folder, population, FORMATS[format_], progress=progress))
    except FileExistsError:
        stop(f"{folder} exists; nothing was written.")
    for one in written:
        console.print(f"{one.state.name}: {one.students:,} invented students in {one.parts} file{'s' if one.parts > 1 else ''}.")
    console.print(f"Who is who is in {folder / 'truth'}; no node reads it. Seed {seed}, as of {day}.")
