"""JPEG (ISO/IEC 10918-1): marker after marker, each picture with a frame of a size that may be, and nothing behind but pictures. Pure.

Cameras write a second picture behind the first (CIPA DC-007): each is looked at as the first is.
"""

import re
from typing import Final

from safepassage.problems.attachments import AttachmentTypeDiffers, AttachmentUnsafe

MOST_PIXELS: Final = 100_000_000
_BEGIN, _END, _SCAN, _TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_IN_SCAN: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
"""The marker that ends the data of a scan: none of those that may stand in it."""


class JpegCheck:
    """Of one file."""

    def __init__(self) -> None:
        self._buffer, self._skip = b"", 0
        self._in_picture = self._in_scan = self._has_frame = self._is_whole = False

    def feed(self, part: bytes) -> None:
        """The next part. Raises AttachmentTypeDiffers, AttachmentUnsafe."""
        self._buffer += part
        while self._step():
            pass

    def _step(self) -> bool:
        if self._skip:
            skipped = min(self._skip, len(self._buffer))
            self._buffer, self._skip = self._buffer[skipped:], self._skip - skipped
            return self._skip == 0
        if self._in_scan:
            return self._pass_scan()
        return self._pass_marker() if self._in_picture else self._begin()

    def _begin(self) -> bool:
        if self._is_whole:
            self._buffer = self._buffer.lstrip(b"\0")
        if not b"\xff\xd8\xff".startswith(self._buffer[:3]):
            raise AttachmentTypeDiffers(
                "something follows the end of the JPEG file" if self._is_whole else "it does not begin as a JPEG file"
            )
        if len(self._buffer) < 3:
            return False
        self._buffer, self._in_picture, self._has_frame, self._is_whole = self._buffer[2:], True, False, False
        return True

    def _pass_scan(self) -> bool:
        found = _IN_SCAN.search(self._buffer)
        if found is None:
            self._buffer = b"\xff" if self._buffer.endswith(b"\xff") else b""
            return False
        self._buffer, self._in_scan = self._buffer[found.start() :], False
        return True

    def _pass_marker(self) -> bool:
        if self._buffer[:1] not in (b"", b"\xff"):
            raise AttachmentTypeDiffers("the JPEG file is damaged")
        rest = self._buffer.lstrip(b"\xff")
        if not rest:
            self._buffer = self._buffer[:1]
            return False
        kind = rest[0]
        if kind == _END:
            self._end(rest[1:])
            return True
        if kind == _TEMPORARY:
            self._buffer = rest[1:]
            return True
        if len(rest) < (8 if kind in _FRAMES else 3):
            return False
        length = int.from_bytes(rest[1:3], "big")
        if kind in _FRAMES:
            self._require_size(rest)
        if (kind == _SCAN and not self._has_frame) or kind in (0, _BEGIN) or length < 2:
            raise AttachmentTypeDiffers("the JPEG file is damaged")
        self._buffer, self._skip, self._in_scan = rest[1:], length, kind == _SCAN
        return True

    def _require_size(self, frame: bytes) -> None:
        height, width = int.from_bytes(frame[4:6], "big"), int.from_bytes(frame[6:8], "big")
        if not 0 < width * height <= MOST_PIXELS:
            raise AttachmentUnsafe("the picture has too many pixels")
        self._has_frame = True

    def _end(self, rest: bytes) -> None:
        if not self._has_frame:
            raise AttachmentTypeDiffers("there is no picture in the JPEG file")
        self._buffer, self._in_picture, self._is_whole = rest, False, True

    def finish(self) -> None:
        """The file is over. Raises AttachmentTypeDiffers."""
        if not self._is_whole or self._buffer:
            raise AttachmentTypeDiffers("the JPEG file is not whole")
