"""`doctor`: what is wrong with a node, or will be soon, and what to do."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from node.commands.output import console
from node.commands.trust import expiry_of, member_in
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from node.health import (
    Finding,
    examine_expiry,
    examine_folder,
    examine_log_names,
    examine_service,
    examine_statement,
    examine_weekly_keys,
)
from services.records.settings import RecordsSettings
from shared.clock import system_clock
from shared.who_may_call import SERVICES

MARKS = {"good": "[green]✓[/]", "warning": "[yellow]![/]", "bad": "[red]✗[/]"}


def doctor(
    folder: Annotated[Path | None, typer.Argument(help="An embedded node's folder.")] = None,
    service: Annotated[Service | None, typer.Option(help="Or one service, told by SAFE_PASSAGE_* variables.")] = None,
) -> None:
    """Look at keys, stores, outboxes, trust list and statement. Changes nothing. Exit code 1 if something is bad."""
    if (folder is None) == (service is None):
        raise typer.BadParameter("name a node's folder, or a --service")
    found = asyncio.run(_service_findings(service) if service is not None else _folder_findings(NodeFolder(folder or Path())))
    for finding in found:
        console.print(f"{MARKS[finding.state]} {finding.what}" + (f": {finding.detail}" if finding.detail else ""))
        if finding.remedy and finding.state != "good":
            console.print(f"    {finding.remedy}")
    if any(finding.state == "bad" for finding in found):
        raise typer.Exit(1)


async def _service_findings(service: Service) -> list[Finding]:
    settings = settings_from_environment(service)
    found = [finding async for finding in examine_service(service.value, settings, now=system_clock())]
    if isinstance(settings, RecordsSettings) and settings.node_statement_file is not None:
        found.append(examine_weekly_keys(settings.node_statement_file, settings, now=system_clock()))
    if settings.trust_list_file is not None:
        found += _trust(settings.trust_list_file, settings.entity_id)
    return found


async def _folder_findings(folder: NodeFolder) -> list[Finding]:
    node, now = folder.file, system_clock()
    found = [examine_folder(folder.path), examine_statement(folder.statement, now=now)]
    if isinstance(settings := folder.settings("records"), RecordsSettings):
        found.append(examine_weekly_keys(folder.statement, settings, now=now))
    if folder.trust_list.exists():
        found += _trust(folder.trust_list, node.entity_id)
    for service in SERVICES:
        found += [finding async for finding in examine_service(service, folder.settings(service), now=now)]
    return found


def _trust(file: Path, entity_id: str) -> list[Finding]:
    remedy, now = "install the network's newest list; after 7 days without one only receipts and refusals go out", system_clock()
    try:
        logs = examine_log_names(member_in(file, entity_id), now=now)
        return [examine_expiry("trust list", expiry_of(file), now=now, remedy=remedy), logs]
    except (OSError, ValueError, KeyError):
        return [Finding("trust list", "bad", "missing or unreadable", remedy)]
