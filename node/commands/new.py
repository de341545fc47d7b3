"""`new`: a node in a folder."""

import asyncio
from pathlib import Path
from typing import Annotated, Final, NoReturn
from zoneinfo import ZoneInfoNotFoundError

import typer
from pydantic import TypeAdapter, ValidationError

from node.commands.hand import with_hand
from node.commands.output import console, stop
from node.creation import NodeExists, NodeHalfMade, begin_node
from node.days import today_in
from node.embedded import migrate_all
from node.folder import NodeFile
from safepassage.claims import EntityId
from safepassage.ids import uuid7
from safepassage.wire_organisations import NewOrganisation
from shared.clock import system_clock
from shared.origins import is_origin
from shared.states import is_state

SAID_RIGHT: Final = {
    "state": "Give --state the postal code of a state, the District or a territory, such as OR; XA to XZ are fictional.",
    "name": "Give --name the agency's name, of 1 to 200 characters.",
    "entity_id": "Give --entity-id the node's https URL, in lower case and without a path, such as https://exchange.education.example.",
    "time_zone": "Give --time-zone an IANA name, such as America/Chicago.",
    "exchange_tick_seconds": "Give --tick-seconds 0 to 86,400 seconds.",
}
"""What to type instead, by the member of the node's file."""


def new(
    folder: Annotated[Path, typer.Argument(help="The new node's folder.")],
    name: Annotated[str, typer.Option(help="The agency's name.")],
    state: Annotated[str, typer.Option(help="Postal code; XA to XZ are fictional.")],
    entity_id: Annotated[str | None, typer.Option(help="The node's https URL: its name to other nodes.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8443,
    tick_seconds: Annotated[float, typer.Option(min=0, help="Answers to other nodes leave at every multiple of it.")] = 900.0,
    time_zone: Annotated[str, typer.Option(help="IANA name of the agency's time zone.")] = "America/New_York",
    insecure_development: Annotated[bool, typer.Option(help="http on the loopback. For a developer's machine only.")] = False,
) -> None:
    """Make a node: its file, its keys, its first statement, its stores, its agency."""
    now = system_clock()
    if entity_id is None:
        if not insecure_development:
            stop("A node is named by its https URL.", "Give --entity-id https://…, or ask for --insecure-development.", code=2)
        entity_id = f"http://127.0.0.1:{port}"
    try:
        file = NodeFile(
            entity_id=TypeAdapter(EntityId).validate_python(entity_id),
            name=name,
            state=state,
            organisation_id=uuid7(now),
            time_zone=time_zone,
            port=port,
            exchange_tick_seconds=tick_seconds,
            insecure_development=insecure_development,
        )
        agency = NewOrganisation(kind="sea", name=name, time_zone=time_zone, valid_from=today_in(time_zone))
    except ValidationError as error:
        _refuse(str((*error.errors()[0]["loc"], "entity_id")[0]))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        _refuse("time_zone")
    if not is_state(state):
        _refuse("state")
    if not is_origin(entity_id) or not (insecure_development or entity_id.startswith("https://")):
        _refuse("entity_id")
    try:
        node = begin_node(folder, file, now=now)
    except NodeExists:
        stop(f"{folder} has a node already; nothing was changed.")
    except NodeHalfMade:
        stop(
            f"{folder} has keys or stores and no node.json; nothing was changed.",
            "Where `new` was interrupted there, remove the folder and type it again. A node in use needs its node.json: the backup has it.",
        )
    asyncio.run(migrate_all(node))
    with_hand(node, lambda hand: hand.add_organisation(agency, organisation_id=file.organisation_id))
    node.finish()  # last: whatever ends this before, there is no node yet, and nobody takes half of one for a whole one
    console.print(f"{name} ({state}) is in {folder}. Start it: safepassage-node up {folder}")


def _refuse(member: str) -> NoReturn:
    """INVARIANT: whatever is wrong is said before anything is made, so that the same command may be typed again."""
    stop("Nothing was made.", SAID_RIGHT[member], code=2)
