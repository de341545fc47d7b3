"""Which of the four services a command is about, and its settings. Apart from `serve`: who destroys a key serves nothing."""

from enum import StrEnum
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


ServiceArgument = Annotated[Service, typer.Argument(help="Which of the four services.")]


def settings_from_environment(service: Service) -> ServiceSettings:
    """The service's settings. Raises SettingsRefused."""
    return settings_of(service.value)
