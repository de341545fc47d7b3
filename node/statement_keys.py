"""The key of a node's statements and its succession: the next one is listed beside the current one before it signs anything.

The trust list names who may sign a node's statement. A node that has not seen the list with the next key refuses what that key signs; so
the key takes over once every member has the list, and leaves the list after that.
"""

from pathlib import Path

from shared.keys import KeyFileUnusable, SigningKey

CURRENT, NEXT = "node-statement.json", "node-statement-next.json"


def statement_keys(operator: Path) -> tuple[SigningKey, ...]:
    """The current key, and the one that will follow if it was made. Raises KeyFileUnusable."""
    names = (CURRENT, NEXT) if (operator / NEXT).exists() else (CURRENT,)
    return tuple(SigningKey.load(operator / name) for name in names)


def prepare_next(operator: Path) -> SigningKey:
    """Make the key that will follow. Raises FileExistsError if one waits already."""
    key = SigningKey.generate()
    key.save(operator / NEXT)
    return key


def replace(operator: Path, *, listed: frozenset[str]) -> SigningKey:
    """Let the next key take over; nothing is kept of the one before.

    listed  the `kid`s by which the newest trust list knows this node's statements

    Raises KeyFileUnusable where no next key was made, or none knows it yet.
    """
    if not (operator / NEXT).exists():
        raise KeyFileUnusable("no next key of the node's statement was made")
    following = SigningKey.load(operator / NEXT)
    if following.kid not in listed:
        raise KeyFileUnusable("the trust list of this node does not name the next key: nobody would believe what it signs")
    (operator / NEXT).replace(operator / CURRENT)
    return following
