"""`letters`: what did not arrive at other nodes, or from them; sent again, given up or recalled by an operator, on the record."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar, get_args
from uuid import UUID

import typer
from pydantic import ValidationError

from node.commands.output import console, stop
from safepassage.client import BlockingClient, ClientFile
from safepassage.problems import SuiteError
from safepassage.wire_dead_letters import DeadLetter, LetterReason, OperatorAct
from safepassage.wire_policy_sets import ActingOfficial
from shared.clock import system_clock

app = typer.Typer(no_args_is_help=True, help="What did not arrive: list it, send it again, give it up, recall what waits.")

Result = TypeVar("Result")
Reason = StrEnum("Reason", {value: value for value in get_args(LetterReason)})  # type: ignore[misc]  # one list, the wire model's

ClientOption = Annotated[Path, typer.Option("--client", exists=True, dir_okay=False, help="Client file with the scope exchange:operate.")]
LetterArgument = Annotated[UUID, typer.Argument(help="Id, from the list.")]
ReasonOption = Annotated[Reason, typer.Option(help="Why.")]
OfficialOption = Annotated[str, typer.Option(help="Pairwise id of the official who decides: never a name.")]
RoleOption = Annotated[str, typer.Option(help="The official's role.")]


@app.command("list")
def list_(client: ClientOption) -> None:
    """Print what waits for somebody: its id, what it is, why, since when, with whom, what can be done."""
    page = _asked(client, lambda node: node.list_dead_letters(limit=1000)).content
    for one in page.letters:
        console.print(f"{one.id}  {one.kind}: {one.code}, since {one.since:%Y-%m-%d}, {one.peer}  ({' or '.join(one.can)})", soft_wrap=True)
    if not page.letters:
        console.print("Nothing waits.")


@app.command()
def waiting(client: ClientOption) -> None:
    """Print the answers that no other node has acknowledged: their ids, with whom, since when, how often they were tried."""
    page = _asked(client, lambda node: node.list_waiting_answers(limit=1000)).content
    for one in page.answers:
        console.print(f"{one.id}  {one.peer}, {one.state} since {one.leaves_at:%Y-%m-%d %H:%M}, tried {one.attempts} times", soft_wrap=True)
    if not page.answers:
        console.print("Nothing waits.")


@app.command()
def differences(client: ClientOption) -> None:
    """Print the days on which this node and another have not the same messages: with whom, what, and the messages' ids."""
    page = _asked(client, lambda node: node.list_reconciliations(state="differs", limit=1000)).content
    for day in page.days:
        for one in day.findings:
            console.print(f"{day.day}  {day.peer}  {one.kind}: {one.count}", soft_wrap=True)
            for identifier in one.ids:
                console.print(f"    {identifier}")
    if not page.days:
        console.print("No differences.")


@app.command()
def requeue(letter: LetterArgument, client: ClientOption, reason: ReasonOption, official: OfficialOption, role: RoleOption) -> None:
    """Send it again: decided anew, under a new id."""
    _say(_asked(client, lambda node: node.requeue_dead_letter(letter, _why(reason, official, role))))


@app.command("give-up")
def give_up(letter: LetterArgument, client: ClientOption, reason: ReasonOption, official: OfficialOption, role: RoleOption) -> None:
    """Send nothing more for it; the other node is told."""
    _say(_asked(client, lambda node: node.give_up_dead_letter(letter, _why(reason, official, role))))


@app.command()
def recall(answer: LetterArgument, client: ClientOption, reason: ReasonOption, official: OfficialOption, role: RoleOption) -> None:
    """Recall an answer that no other node has acknowledged."""
    _say(_asked(client, lambda node: node.recall_answer(answer, _why(reason, official, role))))


def _why(reason: Reason, official: str, role: str) -> OperatorAct:
    try:
        acting = ActingOfficial(pairwise_id=official, role=role, authenticated_at=system_clock())
    except ValidationError:
        stop(
            "Nothing was done.",
            "Give --official an id and --role a word, of lower-case letters, digits, and . _ : - within: never a name.",
            code=2,
        )
    return OperatorAct(reason=reason.value, acting_official=acting)


def _say(letter: DeadLetter) -> None:
    goes_on = "" if letter.requeued_as is None else f", goes on as {letter.requeued_as}"
    console.print(f"{letter.id}: {letter.state}{goes_on}", soft_wrap=True)


def _asked(file: Path, ask: Callable[[BlockingClient], Result]) -> Result:
    try:
        with BlockingClient(ClientFile.load(file)) as node:
            return ask(node)
    except SuiteError as error:
        stop(f"{error.title}{f': {error.detail}' if error.detail else ''}", error.remedy)
