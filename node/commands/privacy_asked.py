"""What a command asks of privacy before something of a student goes, where no service of the node listens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from node.folder import NodeFolder
from services.privacy.destruction_clearances import awaited
from services.privacy.sealing import Sealer
from services.records.destroying import Asking
from shared.contracts.destructions import AwaitedStudents, ToDestroy
from shared.database import Database
from shared.key_providers import key_provider_of
from shared.schema_head import require_head


@asynccontextmanager
async def privacy_of(folder: NodeFolder) -> AsyncIterator[Asking]:
    """What privacy would answer, from its store: of an embedded node no service listens."""
    settings = folder.settings("privacy")
    database = Database.of(settings)

    async def ask(asked: ToDestroy) -> AwaitedStudents:
        async with database.reading() as tx:
            return await awaited(tx, sealer, asked)

    try:
        await require_head("privacy", database)
        with closing(key_provider_of(settings, "privacy")) as provider:
            sealer = Sealer(provider)
            yield ask
    finally:
        await database.close()
