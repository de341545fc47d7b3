"""Whether a content is of the type that was declared: looked at as it streams, to its last byte. Pure.

No parser of other people's documents runs in the process that holds the keys: what is done here is reading of lengths and words. What is
in the document beyond that is the scanner's to say.
"""

import re
import zlib
from typing import Final, Protocol

from safepassage.problems.attachments import AttachmentEmpty, AttachmentTypeDiffers, AttachmentUnsafe
from safepassage.wire_attachments import MediaType
from services.records.attachments.jpeg import MOST_PIXELS, JpegCheck
from services.records.attachments.pdf import PdfCheck

PNG: Final = b"\x89PNG\r\n\x1a\n"
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_TAIL: Final = 66 * 1024
"""Where a zip reader looks for the end of a directory: 22 bytes and a comment of up to 64 KiB."""
_ANYWHERE: Final = re.compile(rb"Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|MSCF\x00\x00\x00\x00")
"""Archives that are opened behind whatever else stands before them, as a program that unpacks itself does."""
_LONGEST_MARK: Final = 8
_AT: Final = ((257, b"ustar"), (0x8001, b"CD001"))
"""A tar archive and the image of a disc: their readers leave what stands before that."""
_HEAD: Final = 0x8006


class TypeCheck(Protocol):
    """Is fed a content in parts; raises AttachmentTypeDiffers or AttachmentUnsafe as soon as it is clear, at the latest at its end."""

    def feed(self, part: bytes) -> None:
        """The next part."""
        ...

    def finish(self) -> None:
        """The content is over."""
        ...


def check_of(media_type: MediaType) -> TypeCheck:
    """The check of one content."""
    kinds: dict[MediaType, type[TypeCheck]] = {"application/pdf": PdfCheck, "image/png": PngCheck, "image/jpeg": JpegCheck}
    return NoArchiveCheck(kinds[media_type]())


class NoArchiveCheck:
    """Around each check: that there is something, and that it is not an archive at the same time."""

    def __init__(self, check: TypeCheck) -> None:
        self._check, self._head, self._tail = check, b"", b""

    def feed(self, part: bytes) -> None:
        """As TypeCheck."""
        self._check.feed(part)
        if _ANYWHERE.search(self._tail[-_LONGEST_MARK:] + part):
            raise AttachmentUnsafe("it is an archive at the same time")
        self._head += part[: _HEAD - len(self._head)]
        self._tail = (self._tail + part)[-_ZIP_TAIL:]

    def finish(self) -> None:
        """As TypeCheck. Raises AttachmentEmpty too."""
        if not self._tail:
            raise AttachmentEmpty
        if _ZIP_END in self._tail or any(self._head.startswith(mark, at) for at, mark in _AT):
            raise AttachmentUnsafe("it is an archive at the same time")
        self._check.finish()


class PngCheck:
    """PNG (ISO/IEC 15948): chunk after chunk with its CRC, IHDR first, IEND last and nothing behind it."""

    def __init__(self) -> None:
        self._buffer, self._skip, self._crc, self._expected_crc = b"", 0, 0, False
        self._begun = self._ended = False
        self._first = True
        self._type = b""

    def feed(self, part: bytes) -> None:
        """As TypeCheck."""
        self._buffer += part
        if not self._begun:
            if len(self._buffer) < len(PNG):
                return
            if not self._buffer.startswith(PNG):
                raise AttachmentTypeDiffers("it does not begin as a PNG file")
            self._buffer, self._begun = self._buffer[len(PNG) :], True
        while self._step():
            pass

    def _step(self) -> bool:
        if self._ended:
            if self._buffer:
                raise AttachmentUnsafe("something follows the end of the picture")
            return False
        if self._skip:
            taken, self._buffer = self._buffer[: self._skip], self._buffer[self._skip :]
            self._crc, self._skip = zlib.crc32(taken, self._crc), self._skip - len(taken)
            return bool(taken) and bool(self._buffer)
        if self._expected_crc:
            return self._end_chunk()
        return self._begin_chunk()

    def _begin_chunk(self) -> bool:
        needed = 8 + (13 if self._first else 0)
        if len(self._buffer) < needed:
            return False
        length, self._type = int.from_bytes(self._buffer[:4], "big"), self._buffer[4:8]
        if self._first:
            if (self._type, length) != (b"IHDR", 13):
                raise AttachmentTypeDiffers("it has no PNG header")
            width, height = (int.from_bytes(self._buffer[at : at + 4], "big") for at in (8, 12))
            if not 0 < width * height <= MOST_PIXELS:
                raise AttachmentUnsafe("the picture has too many pixels")
        if length >= 2**31:
            raise AttachmentTypeDiffers("a PNG chunk has no valid length")
        self._first, self._expected_crc = False, True
        self._crc, self._skip, self._buffer = zlib.crc32(self._type), length, self._buffer[8:]
        return True

    def _end_chunk(self) -> bool:
        if len(self._buffer) < 4:
            return False
        if int.from_bytes(self._buffer[:4], "big") != self._crc:
            raise AttachmentTypeDiffers("a PNG chunk is damaged")
        self._buffer, self._expected_crc, self._ended = self._buffer[4:], False, self._type == b"IEND"
        return True

    def finish(self) -> None:
        """As TypeCheck."""
        if not self._ended:
            raise AttachmentTypeDiffers("the PNG file is not whole")
