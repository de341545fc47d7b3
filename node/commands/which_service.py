"""Which of the four services a command is about, and its settings. Apart from `serve`: who destroys a key serves nothing."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from node.settings_classes import settings_of
from shared.settings import ServiceSettings


class Service(StrEnum):
    """One of the four."""

    gateway = "gateway"
    privacy = "privacy"
    records = "records"
    audit = "audit"


def service(said: str) -> Service:
    """One of the four; whoever names a node's folder is told what runs a folder."""
    if said in {one.value for one in Service}:
        return Service(said)
    if (Path(said) / "node.json").exists():
        raise typer.BadParameter(
            f"{said} is a node's folder: `safepassage-node up {said}` brings its stores to this version and runs its four services. "
            "A service by itself is told by SAFE_PASSAGE_* variables."
        )
    raise typer.BadParameter(f"{said!r} is not one of {', '.join(Service)}.")


ServiceArgument = Annotated[Service, typer.Argument(parser=service, help="Which of the four: gateway, privacy, records or audit.")]


def settings_from_environment(service: Service) -> ServiceSettings:
    """The service's settings. Raises SettingsRefused."""
    return settings_of(service.value)
