"""Keys that nobody outside the node knows: those by which its services know one another, and those of pages that go on.

They are replaced while the node is stopped: nothing that is stored hangs on them. What is cut short is done again, from the beginning.
"""

from pathlib import Path

from node.keys import write_public
from shared.keys import SigningKey, new_symmetric_key
from shared.who_may_call import SERVICES, forwarded_to


def replace_internal(keys: Path) -> None:
    """A new key for each service, and its public half for whoever meets its tokens."""
    internal = {service: SigningKey.generate() for service in SERVICES}
    for service in SERVICES:
        (keys / service / "internal.json").unlink(missing_ok=True)
        internal[service].save(keys / service / "internal.json")
        for caller in forwarded_to(service):
            write_public(keys / service / "callers" / f"{caller}.json", internal[caller])


def replace_cursors(keys: Path) -> None:
    """A new key for each service's pages: whoever has a page open begins again. People's names do not hang on it.

    A gateway of before has no key of people's names yet, and makes it of this one: it has to have it first.
    """
    if not (keys / "gateway" / "people.key").exists():
        raise FileNotFoundError("people.key")
    for service in SERVICES:
        (keys / service / "cursor.key").unlink(missing_ok=True)
        new_symmetric_key(keys / service / "cursor.key")
