"""The settings of this process as a person may see them: what was chosen and what is usual; of a file or address only that it is set."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic_settings import BaseSettings

Say = Callable[[str], str]

PLAIN: Final = (bool, int, float)
"""Types whose values say nothing of where things are or of what opens them."""
OPEN: Final = frozenset({"console_zone", "people_signing_algorithm"})
"""Words of short lists that everybody knows."""


@dataclass(frozen=True)
class Setting:
    """One of them."""

    name: str
    """Of its environment variable."""
    value: str
    usual: str
    is_chosen: bool
    """Another value than the usual one."""
    means: str


def settings_of(settings: BaseSettings, number: Callable[[float], str], _: Say) -> list[Setting]:
    """Those that were chosen first; each lot by name.

    INVARIANT: of anything but numbers, yes or no, and what is `OPEN`, nothing is shown but whether there is a value: an
    address, a path or a name in a setting may tell where to look, or hold a password.
    """
    found = []
    for name, field in type(settings).model_fields.items():
        value, usual = getattr(settings, name), field.get_default(call_default_factory=True)
        chosen = value != usual
        shown, default = (_said(name, one, number, _) for one in (value, None if field.is_required() else usual))
        found.append(Setting(f"SAFE_PASSAGE_{name.upper()}", shown, default, chosen, _(field.description or "")))
    return sorted(found, key=lambda one: (not one.is_chosen, one.name))


def _said(name: str, value: Any, number: Callable[[float], str], _: Say) -> str:
    if isinstance(value, bool):
        return _("On") if value else _("Off")
    if isinstance(value, PLAIN):
        return number(value)
    if name in OPEN and value:
        return str(value)
    return _("Set") if value else _("Not set")
