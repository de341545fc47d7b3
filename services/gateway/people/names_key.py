"""The key that people's names are made with: what the node calls them in its log, and what each application calls them.

Whoever controls it, and knows somebody's issuer and subject, knows which names in the log are theirs. Another key is other names: sessions,
authorizations and the log's search would know nobody again. So it is replaced by nobody.
"""

from contextlib import suppress
from pathlib import Path
from typing import Final

from safepassage.canonical import to_base64url
from shared.keys import KeyFileUnusable, read_symmetric_key, write_secret

NAME: Final = "people.key"
EARLIER: Final = "cursor.key"
"""What they were made with in nodes that are older than the file."""


def names_key(folder: Path) -> bytes:
    """The 32 bytes, from the gateway's folder of keys. Raises KeyFileUnusable.

    A node that has no such file gets it as a copy of the key that names were made with before: they stay. Of two processes that begin at
    once one writes it, and both read the same.
    """
    path = folder / NAME
    if not path.exists():
        key = read_symmetric_key(folder / EARLIER)
        try:
            with suppress(FileExistsError):
                write_secret(path, to_base64url(key).encode())
        except OSError as error:
            raise KeyFileUnusable(
                f"{NAME} is missing, and cannot be written here: give the gateway a copy of {EARLIER} under that name"
            ) from error
    return read_symmetric_key(path)
