"""What a log and a mirror say to one another, C2SP tlog-mirror: the request add-entries and its answers. Nothing here is verified.

A mirror keeps a copy of a log, and its cosignature says so. Entries come in packages that end at multiples of 256, each with the proof that
they are part of the tree of a checkpoint which the mirror knows, so that each is verified and kept by itself.
"""

import base64
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from safepassage.canonical import from_base64
from safepassage.checkpoints import MAX_SIZE
from safepassage.problems.mirroring import MirrorRequestMalformed
from safepassage.problems.proofs import NoteMalformed

ADD_ENTRIES: Final = "/add-entries"
"""Under a mirror's submission prefix."""
INFO_TYPE: Final = "text/x.tlog.mirror-info"
"""Media type of the 202 and the 409 that say where to go on."""
BODY_TYPE: Final = "application/octet-stream"
PACKAGE: Final = 256
MAX_PACKAGES: Final = 32
"""Of one request."""
MAX_PATH: Final = 63


@dataclass(frozen=True)
class Upload:
    """The beginning of an add-entries request: entries [start, end) of a log, for its checkpoint of `end` entries."""

    origin: str
    start: int
    end: int
    ticket: bytes = b""

    def head(self) -> bytes:
        """The bytes in front of the packages."""
        origin = self.origin.encode()
        return struct.pack(">H", len(origin)) + origin + struct.pack(">QQH", self.start, self.end, len(self.ticket)) + self.ticket

    def packages(self) -> Iterator[tuple[int, int]]:
        """The canonical sequence: which entries each package has."""
        start = self.start
        while start < self.end:
            end = min(self.end, (start // PACKAGE + 1) * PACKAGE)
            yield start, end
            start = end


@dataclass(frozen=True)
class MirrorInfo:
    """Where a mirror wants an upload to go on."""

    size: int
    """Of a checkpoint that it knows."""
    next_entry: int
    ticket: bytes = b""

    def body(self) -> bytes:
        """The answer's body."""
        return f"{self.size}\n{self.next_entry}\n{base64.b64encode(self.ticket).decode()}\n".encode()


def package(entries: Sequence[bytes], path: Sequence[bytes]) -> bytes:
    """A package: entries behind one another, and the proof of the subtree that they end."""
    return b"".join([struct.pack(">H", len(one)) + one for one in entries]) + bytes([len(path)]) + b"".join(path)


def parse_upload(body: bytes) -> tuple[Upload, int]:
    """The beginning of a request, and where the packages begin. Raises MirrorRequestMalformed."""
    try:
        (length,) = struct.unpack_from(">H", body)
        origin = body[2 : 2 + length].decode()
        start, end, ticket = struct.unpack_from(">QQH", body, 2 + length)
    except (struct.error, UnicodeDecodeError):
        raise MirrorRequestMalformed from None
    begin = 2 + length + 18
    if len(body) < begin + ticket or not start <= end <= MAX_SIZE:
        raise MirrorRequestMalformed
    return Upload(origin, start, end, body[begin : begin + ticket]), begin + ticket


def parse_package(body: bytes, position: int, count: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...], int] | None:
    """The next package of `count` entries: its entries, its path, and where the next one begins. None where the body ends before.

    Raises MirrorRequestMalformed for a path that is too long.
    """
    entries = []
    for _ in range(count):
        begin = position + 2
        end = begin + int.from_bytes(body[position:begin], "big")
        if end > len(body) or begin > len(body):
            return None
        entries.append(body[begin:end])
        position = end
    if position >= len(body):
        return None
    hashes, begin = body[position], position + 1
    if hashes > MAX_PATH:
        raise MirrorRequestMalformed
    end = begin + 32 * hashes
    if end > len(body):
        return None
    return tuple(entries), tuple(body[at : at + 32] for at in range(begin, end, 32)), end


def parse_mirror_info(answer: bytes) -> MirrorInfo:
    """The body of a 202 or 409. Raises NoteMalformed."""
    try:
        size, next_entry, ticket, rest = answer.decode("ascii").split("\n")
        numbers = [int(one) for one in (size, next_entry) if one.isdecimal() and len(one) <= 19]
        found = MirrorInfo(numbers[0], numbers[1], from_base64(ticket))
    except (ValueError, IndexError):
        raise NoteMalformed from None
    if rest or found.body() != answer or max(numbers) > MAX_SIZE:
        raise NoteMalformed
    return found
