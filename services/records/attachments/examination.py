"""One content on its way in: hashed, looked at by its type, and sent through the scanner, as it comes."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from safepassage.canonical import to_base64url
from safepassage.wire import Digest
from safepassage.wire_attachments import MediaType
from services.records.attachments.scanner import Scan, Scanner
from services.records.attachments.types import check_of


class Examination:
    """Of one content. It counts as examined once `finish` has returned."""

    def __init__(self, media_type: MediaType, scan: Scan) -> None:
        self._check, self._scan, self._hash = check_of(media_type), scan, hashlib.sha256()
        self.size = 0

    async def feed(self, content: bytes) -> None:
        """The next part. Raises AttachmentTypeDiffers, AttachmentUnsafe, AttachmentInfected, ScannerUnavailable."""
        self.size += len(content)
        await asyncio.to_thread(self._look, content)
        await self._scan.feed(content)

    def _look(self, content: bytes) -> None:
        self._hash.update(content)
        self._check.feed(content)

    async def finish(self) -> Digest:
        """The content is over, and nothing is wrong with it: its SHA-256. Raises as `feed`, AttachmentEmpty."""
        await asyncio.to_thread(self._check.finish)
        await self._scan.require_clean()
        return to_base64url(self._hash.digest())


@asynccontextmanager
async def examining(scanner: Scanner, media_type: MediaType) -> AsyncIterator[Examination]:
    """Raises ScannerNotConfigured, ScannerUnavailable."""
    async with scanner.scan() as scan:
        yield Examination(media_type, scan)
