"""What the gateway, which has no way out, asks of records: the document at the URL of a client's key set. Nothing of it is verified."""

from typing import Annotated, Final

from pydantic import StringConstraints

from safepassage.wire import Wire

PATH: Final = "/internal/client-key-sets"
"""`?url=`. Answers a FetchedKeySet, or the problem `key-set-not-had`."""


class FetchedKeySet(Wire):
    """The document, as it came."""

    document: Annotated[str, StringConstraints(max_length=256 * 1024)]
