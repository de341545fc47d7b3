"""Why an application does not start, said in a sentence where it is the operator's to mend: a schema, a key, a store, a file.

Everything else is a fault of the program, and is logged with its place as ever.
"""

import copy
from typing import Any

from uvicorn import Config
from uvicorn.lifespan.on import LifespanOn

from node.machine_faults import said_of
from node.unusable import LOOK_AT_THE_PROVIDER, said_of_the_provider
from safepassage.problems.keys import KeysUnavailable
from shared.key_encryption import KeysOfAnotherStore
from shared.keys import KeyFileUnusable
from shared.schema_head import SchemaNotAtHead, StoreOfLaterVersion


class Lifespan(LifespanOn):
    """uvicorn's, which remembers what ended the start. A cause that can be said in a sentence is logged by its type alone."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.failure: Exception | None = None
        self._application, self._traceback = config.loaded_app, ""
        self.config = copy.copy(config)
        self.config.loaded_app = self._remembering

    async def _remembering(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._application(scope, receive, send)
        except Exception as error:
            self.failure = error
            raise

    async def send(self, message: Any) -> None:
        """What the application says. Its traceback comes before the error itself: it waits for that."""
        if message["type"] == "lifespan.startup.failed":
            self._traceback, message = message.get("message", ""), {"type": message["type"]}
        await super().send(message)

    async def startup(self) -> None:
        """Start, and say what came of it."""
        await super().startup()
        if self._traceback and (self.failure is None or why_no_start(self.failure) is None):
            self.logger.error(self._traceback)


def why_no_start(error: Exception) -> tuple[str, str] | None:
    """What is wrong and what to do; None where the program is at fault."""
    if isinstance(error, StoreOfLaterVersion):
        return f"{error}.", "Nothing was changed. docs/upgrading.md says what goes back and what does not."
    if isinstance(error, SchemaNotAtHead):
        return f"{error}.", "A node in a folder is brought to this version by `safepassage-node up`."
    if isinstance(error, KeysOfAnotherStore):
        return f"{error}.", 'Put this store\'s keys back, or the store that these keys are of: docs/deployment.md, "Backup".'
    if isinstance(error, KeyFileUnusable):
        return f"{error}.", "A service does not start without its keys: SAFE_PASSAGE_KEYS_DIRECTORY is the folder of this service's."
    if isinstance(error, KeysUnavailable):
        return f"The keys are not to be had: {said_of_the_provider(error)}.", LOOK_AT_THE_PROVIDER
    return said_of(error)
