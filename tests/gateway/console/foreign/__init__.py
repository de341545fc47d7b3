"""For every page that names a thing: a thing of another district or of the state, which a district's officer must not find there.

Each part of the console has a module here, `of_<part>.py`, with `FOREIGN`: by the page's template in the routing table, who makes such a
thing and gives the page's paths for it. And, where it has pages beyond the menu, `MORE_PATHS`: by a name, who makes what they show and
gives paths at which an auditor sees them; the sweep in a browser goes there too.
"""

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from tests.gateway.console.consoles import Console
from tests.gateway.people.signing_in import Browser

Foreign = Callable[[Console, Browser], Awaitable[list[str]]]
"""Makes a thing that is not the district's, and gives paths that name it. `Browser`: its officer's, for handles of their session."""


def gathered(name: str) -> Mapping[str, Any]:
    """What every part has under `name`, together. Raises ValueError where two have the same."""
    together: dict[str, Any] = {}
    for module in iter_modules(__path__):
        part = getattr(import_module(f"{__name__}.{module.name}"), name, {})
        if both := sorted(set(part) & set(together)):
            raise ValueError(f"{module.name} has what another part has: {both}")
        together |= part
    return together


def foreign() -> Mapping[str, Foreign]:
    """By template."""
    return gathered("FOREIGN")


def more_paths() -> Mapping[str, Callable[[Console], Awaitable[list[str]]]]:
    """Beyond the menu, by a name."""
    return gathered("MORE_PATHS")
