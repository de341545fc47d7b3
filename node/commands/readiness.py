"""`readiness`: the scorecard as the node's own store has it, as a table, a CSV file or a page to print. Reads only."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from node.commands.output import console, stop
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.wire_readiness import Answer, Scorecard
from services.privacy.readiness.evidence import held_measures
from services.privacy.readiness.measures import BELIEVED_FOR
from services.privacy.readiness.page.rendering import AREAS, LEVELS, as_page
from services.privacy.readiness.questions import BY_ID
from services.privacy.readiness.scorecard_routes import agency_name
from services.privacy.readiness.snapshots import scorecard_now
from services.privacy.readiness.table import as_table
from shared.clock import system_clock
from shared.database import Database
from shared.schema_head import SchemaNotAtHead, require_head
from shared.settings import ServiceSettings

COLOURS = ("red", "yellow", "yellow", "cyan", "green")
RESTS_ON = {"live": "node", "document": "document", "attestation": "attested", "nothing": ""}


def readiness(
    folder: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help="A node's folder; else SAFE_PASSAGE_* variables of privacy.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it as CSV to this file.")] = None,
    page: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it as one HTML file, to read and to print.")] = None,
) -> None:
    """Print the readiness scorecard: 76 questions, what the node shows, what is attested, and what would raise each."""
    settings = settings_from_environment(Service.privacy) if folder is None else NodeFolder(folder).settings("privacy")
    try:
        card, agency, stopped_at = asyncio.run(_read(settings))
    except (SchemaNotAtHead, OSError) as error:
        stop("The store of privacy cannot be read.", str(error))
    if csv is not None:
        csv.write_text(as_table(card), newline="")
    if page is not None:
        page.write_text(as_page(card, agency=agency))
    if stopped_at is not None:
        console.print(f"The node does not report now: this is the scorecard of {stopped_at:%Y-%m-%d %H:%M} UTC, its last report.")
    console.print(_table(card))
    _print_sums(card)


async def _read(settings: ServiceSettings) -> tuple[Scorecard, str, datetime | None]:
    """The scorecard now; of a node that is stopped, at the instant of its last report. Raises SchemaNotAtHead."""
    database = Database.of(settings)
    try:
        await require_head("privacy", database)
        async with database.reading() as tx:
            held = await held_measures(tx)
            measured = [report.measured_at for report in vars(held).values() if report is not None]
            now, stopped_at = system_clock(), None
            if measured and max(measured) <= now - BELIEVED_FOR:
                now = stopped_at = max(measured)
            return await scorecard_now(tx, node=settings.entity_id, now=now), await agency_name(tx), stopped_at
    finally:
        await database.close()


def _table(card: Scorecard) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    for name in ("", "Level", "By"):
        table.add_column(name, no_wrap=True)
    for name in ("Question", "Why"):
        table.add_column(name, ratio=1)
    area = None
    for answer in card.answers:
        question = BY_ID[answer.question_id]
        if question.area != area:
            area = question.area
            table.add_row("", "", "", Text(AREAS[area], style="bold"), "", end_section=False)
        table.add_row(question.id.upper(), _level(answer), RESTS_ON[answer.rests_on], Text(question.question), Text(answer.reason))
    return table


def _level(answer: Answer) -> Text:
    return Text(f"{answer.level} {LEVELS[answer.level].lower()}", style=COLOURS[answer.level])


def _print_sums(card: Scorecard) -> None:
    total = card.total
    console.print()
    for area in card.areas:
        console.print(
            f"{AREAS[area.area]:32}{area.points:4} of {area.possible:3}  ({area.live_points} shown, {area.attested_points} attested)"
        )
    console.print(f"{'All':32}{total.points:4} of {total.possible:3}  ({total.live_points} shown, {total.attested_points} attested)")
    if card.not_reported:
        console.print(f"Not reporting: {', '.join(card.not_reported)}. What rests on them is at 0.")
