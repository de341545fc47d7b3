"""`matches`: children whom the machine may not tell apart, decided by a person, through the door and on the record."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from node.commands.output import console, stop
from safepassage.client import BlockingClient, ClientFile
from safepassage.problems import SuiteError
from safepassage.record.loads import MatchResolution

app = typer.Typer(no_args_is_help=True, help="Requests and records whose child a person has to tell.")

Result = TypeVar("Result")
ClientOption = Annotated[Path, typer.Option("--client", exists=True, dir_okay=False, help="Client file with the scope matches:resolve.")]


@app.command("list")
def list_(client: ClientOption) -> None:
    """Print what waits for a person: its id, until when, why, the candidates."""
    page = _asked(client, lambda node: node.list_matches(limit=1000).content)
    for one in page.matches:
        what = "two records" if one.kind == "records" else "a request"
        console.print(f"{one.id}  {what}, until {one.expires_at:%Y-%m-%d}  {', '.join(one.reasons)}")
        for candidate in one.candidates:
            console.print(f"    {candidate}")
    if not page.matches:
        console.print("Nothing waits.")


@app.command()
def resolve(
    match: Annotated[UUID, typer.Argument(help="Id of the review.")],
    client: ClientOption,
    student: Annotated[UUID | None, typer.Option(help="The candidate who is the child.")] = None,
    none: Annotated[bool, typer.Option("--none", help="None of them is.")] = False,
) -> None:
    """Say who the child is, or that none of the candidates is. The answer goes out at the next tick."""
    if (student is None) != none:
        stop("Name the --student, or say --none.", code=2)
    review = _asked(client, lambda node: node.resolve_match(match, MatchResolution(student_id=student)))
    console.print(f"{review.id}: {review.outcome}")


@app.command()
def separate(
    union: Annotated[UUID, typer.Argument(help="Id of the union, from the student's `same_as`.")],
    client: ClientOption,
) -> None:
    """Part two records that were united; they are as they were before."""
    parted = _asked(client, lambda node: node.separate_records(union))
    console.print(f"{parted.leading_id} and {parted.other_id} are two records again.")


def _asked(file: Path, ask: Callable[[BlockingClient], Result]) -> Result:
    try:
        with BlockingClient(ClientFile.load(file)) as node:
            return ask(node)
    except SuiteError as error:
        stop(f"{error.title}{f': {error.detail}' if error.detail else ''}", error.remedy)
