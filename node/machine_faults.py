"""What the machine refuses a command - a folder, a disk, a database - said as a person needs it: which file, why, what to do.

Each of them is the operator's to mend, and none is a fault of the program: a traceback would name our lines instead of their file.
"""

import errno
import socket
from collections.abc import Iterator
from typing import Final

REMEDIES: Final = {
    errno.ENOENT: "Make the folder first, or name one that is there.",
    errno.ENOTDIR: "Name a folder where a file is.",
    errno.EISDIR: "Name a file where a folder is.",
    errno.EEXIST: "Name another one, or move what is there away.",
    errno.EACCES: "Run this as the user whose files they are, or give this user the right to them.",
    errno.EPERM: "Run this as the user whose files they are, or give this user the right to them.",
    errno.EROFS: "Name a place that can be written, or mount this one for writing.",
    errno.ENOSPC: "Make room on the disk, then do it again.",
    errno.EFBIG: "Files may not grow that large here: raise the limit (ulimit -f), or name another disk.",
    errno.EDQUOT: "Make room within the quota, then do it again.",
    errno.EIO: "The disk or the network drive fails: look at the machine's own log before anything else.",
    errno.ECONNREFUSED: "Nothing listens there: start it, or correct host and port.",
    errno.ECONNRESET: "What listens there closed the connection: see whether it is just starting or stopping, then do it again.",
    errno.EHOSTUNREACH: "No way leads to that host from here: compare the address and the network.",
    errno.ETIMEDOUT: "That host does not answer: compare the address and the network.",
    errno.EADDRINUSE: "Another program listens on this port: stop it, or choose another port.",
}
"""What to do, by what the operating system said."""

STORES: Final = (
    ("disk is full", REMEDIES[errno.ENOSPC]),
    ("disk I/O error", "The disk is full, or it fails: make room, or look at the machine's own log; then do it again."),
    (
        "readonly database",
        "The store cannot be written by this user: run this as the user whose files they are, on a disk mounted for writing.",
    ),
    ("unable to open database file", "The store cannot be opened by this user: run this as the user whose files they are."),
    ("database is locked", "Another process writes to the store: wait until it is done, then do it again."),
    ("no such table", "The store has not this version's tables: `safepassage-node up` or `migrate` makes them."),
    ("malformed", "The store is damaged: leave it as it is, and restore a backup beside it (docs/deployment.md)."),
    ("not a database", "The store is damaged, or another file lies in its place: restore a backup (docs/deployment.md)."),
)
"""What to do, by a piece of what SQLite said; the sentences of SQLite name no value."""

POSTGRESQL: Final = {
    "InvalidPasswordError": "PostgreSQL refuses the password: compare the file of the password with the role's.",
    "InvalidAuthorizationSpecificationError": "PostgreSQL lets this role not in: compare role, address and pg_hba.conf.",
    "InvalidCatalogNameError": "PostgreSQL has no such database: make it (docs/deployment.md), or correct SAFE_PASSAGE_DATABASE_URL.",
    "CannotConnectNowError": "PostgreSQL is starting or stopping: do it again once it answers.",
    "TooManyConnectionsError": "PostgreSQL has no connection left: see who holds them (SAFE_PASSAGE_DATABASE_POOL_SIZE).",
    "InsufficientPrivilegeError": "This role may not do that: `migrate` needs the owner of the schema (docs/deployment.md).",
    "ConnectionDoesNotExistError": "PostgreSQL ended the connection: do it again once it answers.",
    "UndefinedTableError": "The store has not this version's tables: safepassage-node migrate, with the service's own settings.",
    "InvalidSchemaNameError": "There is no such schema: make it, or correct SAFE_PASSAGE_DATABASE_SCHEMA.",
    "DiskFullError": "The disk of PostgreSQL is full: make room there, then do it again.",
}
"""What to do, by the name of what PostgreSQL answered."""


def said_of(error: BaseException) -> tuple[str, str] | None:
    """What the machine refused and what to do, of an error or of what it came from; None where the program itself is at fault.

    Names files and the machine's own words. No value of a statement: what a store refused is said by its kind.
    """
    for one in _causes(error):
        found = _of_the_system(one) if isinstance(one, OSError) else _of_a_store(one)
        if found is not None:
            return found
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or getattr(error, "orig", None)


def _of_the_system(error: OSError) -> tuple[str, str] | None:
    if isinstance(error, socket.gaierror):
        return "A host's name is not known here.", "Compare the name, and what this machine asks for names."
    if error.errno not in REMEDIES:
        return None
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or type(error).__name__}.", REMEDIES[error.errno]


def _of_a_store(error: BaseException) -> tuple[str, str] | None:
    kind = type(error)
    if kind.__module__.startswith("asyncpg"):
        return (f"PostgreSQL refuses ({kind.__name__}).", POSTGRESQL[kind.__name__]) if kind.__name__ in POSTGRESQL else None
    if kind.__module__ != "sqlite3":
        return None
    return next(((f"The store says: {said}.", remedy) for piece, remedy in STORES if piece in (said := str(error))), None)
