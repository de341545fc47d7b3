"""The settings of each service, found without the service: a command that needs no application imports none."""

import functools
import importlib
import os
import re
from collections.abc import Collection
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from node.misspelt import PREFIX, misspelt
from node.unusable import SettingsRefused
from shared.settings import ServiceSettings
from shared.who_may_call import SERVICES, ServiceName

_FIELD: Final = re.compile(r'for field "(\w+)"')


def settings_class(service: ServiceName) -> type[ServiceSettings]:
    """The settings of a service."""
    module = importlib.import_module(f"services.{service}.settings")
    found: type[ServiceSettings] = getattr(module, f"{service.capitalize()}Settings")
    return found


def settings_of(service: ServiceName, **values: Any) -> ServiceSettings:
    """A service's settings: what is given, then the environment.

    Raises SettingsRefused, for a variable too that begins as a setting does and is none of any service: a file of variables may be
    everybody's, but what is misspelt in it would be in force nowhere.
    """
    wrong = list(misspelt(tuple(os.environ), _variables()))  # noqa: TID251 names alone; the settings read what they are
    try:
        settings = settings_class(service)(**values)
    except ValidationError as error:
        raise SettingsRefused([*map(_said, error.errors()), *wrong]) from None
    except SettingsError as error:  # of a list or a table, before anything is validated
        field = _FIELD.search(str(error))
        raise SettingsRefused([f'{_variable(field[1] if field else "*")}: write it as JSON, such as ["a", "b"] or {{"a": "b"}}']) from None
    if wrong:
        raise SettingsRefused(wrong)
    return settings


@functools.cache
def _variables() -> Collection[str]:
    """Of every service."""
    return {_variable(name) for service in SERVICES for name in settings_class(service).model_fields}


def _said(error: ErrorDetails) -> str:
    """The variable, where in its value, and what is wrong there."""
    said = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:  # of several settings together: the sentence names them
        return said
    name, *within = (str(part) for part in error["loc"])
    place = f": {'.'.join(within)}" if within else ""
    return f"{_variable(name)}{place}: {said}"


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"
