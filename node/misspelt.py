"""Variables that look like settings and are none: a misspelt limit would otherwise not be in force, and nobody be told."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final

PREFIX: Final = "SAFE_PASSAGE_"
OF_OTHERS: Final = frozenset({"SAFE_PASSAGE_IMAGE", "SAFE_PASSAGE_SET_UP_IMAGE", "SAFE_PASSAGE_NODE_JS"})
"""What docker-compose.yml and the tests' tools are told by the same prefix."""
OF_TESTS: Final = f"{PREFIX}TEST_"
_SERVICE_LINK: Final = "_SERVICE_HOST"


def misspelt(names: Collection[str], known: Collection[str]) -> Iterator[str]:
    """A sentence for each of a process's variables that begins as a setting does and is none of `known`; no value is looked at.

    Case does not matter, as it does not to pydantic-settings. What Kubernetes tells of its Services is left out.
    """
    links = tuple(name.removesuffix(_SERVICE_LINK) for name in names if name.endswith(_SERVICE_LINK))
    linked = tuple(f"{link}_{of}" for link in links for of in ("SERVICE_", "PORT"))
    for name in names:
        said = name.upper()
        if not said.startswith(PREFIX) or said in known or said in OF_OTHERS or said.startswith((OF_TESTS, *linked)):
            continue
        close = get_close_matches(said, sorted(known), n=1, cutoff=0.8)
        yield f"{said}: there is no such setting" + (f"; {close[0]} is one" if close else "")
