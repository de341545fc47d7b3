"""The settings of each service, found without the service: a command that needs no application imports none."""

import importlib

from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName


def settings_class(service: ServiceName) -> type[ServiceSettings]:
    """The settings of a service."""
    module = importlib.import_module(f"services.{service}.settings")
    found: type[ServiceSettings] = getattr(module, f"{service.capitalize()}Settings")
    return found
