"""What a PDF (ISO 32000-2) may have in it to be taken: looked for by its words, as the file streams. Pure.

Names are found however they are written (`/J#61vaScript`), wherever they are in clear, and in every stream that inflates, object streams
among them: what a reader would find there is found here. An object stream (its dictionary has `/First`) that is coded in another way than
by FlateDecode alone could hide names, and is refused, as is a stream whose dictionary cannot be told for sure. Words inside other streams
count too: better one page too many printed anew.
"""

import re
import zlib
from typing import Final

from safepassage.problems.attachments import AttachmentTypeDiffers, AttachmentUnsafe
from services.records.attachments.pdf_dictionaries import NotRead, dictionary_of, may_begin_stream

HEAD: Final = b"%PDF-"
MOST_INFLATED: Final = 256 * 1024 * 1024
"""Of one stream."""
MOST_INFLATED_TO_ONE: Final = 200
"""How much all streams together may become, for each byte of the file, beside one `MOST_INFLATED`."""
MOST_AT_ONCE: Final = 16
"""Streams that are inflating at the same moment: one in a PDF as writers make it."""

_REFUSED: Final = {
    b"JavaScript": "a script",
    b"OnInstantiate": "a script",
    b"Launch": "an action that starts a program",
    b"EmbeddedFile": "an embedded file",
    b"EmbeddedFiles": "embedded files",
    b"FileAttachment": "an embedded file",
    b"RichMedia": "rich media",
    b"Movie": "media",
    b"Sound": "media",
    b"XFA": "an XFA form",
    b"SubmitForm": "an action that sends a form",
    b"ImportData": "an action that imports data",
    b"Rendition": "an action that plays media",
    b"GoToE": "a link into an embedded file",
    b"Encrypt": "encryption",
}
_LONGEST: Final = 256
"""More than any of them with all its letters escaped, or than `_EMBEDS`."""
_END: Final = rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|$)"
_NAME: Final = re.compile(rb"/(" + b"|".join(_REFUSED) + rb")" + _END)
_EMBEDS: Final = re.compile(rb"/EF(?:[\x00\t\n\x0c\r ]{0,99}(?:<<|%)|[\x00\t\n\x0c\r ]{1,99}[0-9]|[\x00\t\n\x0c\r ]{99})")
"""The files of a file specification: an embedded file need not say of itself that it is one. Two letters alone stand in any picture."""
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM: Final = re.compile(rb"(?<!end)stream[\x00\t\n\x0c\r ]{0,8}")
_FIRST: Final = re.compile(rb"/First" + _END)
_FLATE_ALONE: Final = re.compile(rb"/Filter\s*(?:/FlateDecode|/Fl|\[\s*(?:/FlateDecode|/Fl)\s*\])" + _END)
_FILTER: Final = re.compile(rb"/(?:Filter|F)" + _END)
_TWICE: Final = re.compile(rb"/(?:FlateDecode|Fl)\s*/(?:FlateDecode|Fl)" + _END)
_PREDICTOR: Final = re.compile(rb"/(?:DecodeParms|DP|Predictor)" + _END)
_WINDOW: Final = 64 * 1024
"""How far before its stream a dictionary may begin."""
_KEYWORD: Final = 64
"""More than the keyword `stream` with what may follow it."""


class PdfCheck:
    """Of one file."""

    def __init__(self) -> None:
        self._kept, self._at, self._done_to = b"", 0, 0
        self._size = self._inflated = 0
        self._names = _Names()
        self._streams: list[_Stream] = []
        self._tail = b""

    def feed(self, part: bytes) -> None:
        """The next part. Raises AttachmentTypeDiffers, AttachmentUnsafe."""
        if self._size < len(HEAD):
            begins = (self._tail + part)[: len(HEAD)]
            if not HEAD.startswith(begins):
                raise AttachmentTypeDiffers("it does not begin as a PDF file")
        self._size += len(part)
        self._tail = (self._tail + part)[-1024:]
        self._names.look(part)
        for stream in self._streams:
            self._inflate(stream, part)
        self._streams = [stream for stream in self._streams if not stream.over]
        self._begin_streams(part)

    def _begin_streams(self, part: bytes) -> None:
        """Find the streams that begin in what has come. A keyword at the very end waits for what follows it; `part` is empty at the end."""
        text, at = self._kept + part, self._at
        looked_to = len(text) - _KEYWORD if part else len(text)
        for found in _STREAM.finditer(text, max(self._done_to - at, 0)):
            if found.end() > looked_to:
                looked_to = min(looked_to, found.start())
                break
            begin = max(0, found.start() - _WINDOW)
            self._begin(text[begin : found.start()], text[found.end() :], is_cut=at + begin > 0)
            self._done_to = at + found.end()
        self._done_to = max(self._done_to, at + looked_to)
        kept = min(len(text), _WINDOW + _KEYWORD)
        self._kept, self._at = text[len(text) - kept :], at + len(text) - kept

    def _begin(self, before: bytes, data: bytes, *, is_cut: bool) -> None:
        """`before` ends with the dictionary, if the keyword is one."""
        stream = _Stream(must=may_begin_stream(before, is_cut=is_cut) and _holds_objects(before))
        self._inflate(stream, data)
        if not stream.over:
            self._streams.append(stream)
        if len(self._streams) > MOST_AT_ONCE:
            raise AttachmentUnsafe("its streams cannot be told apart")

    def _inflate(self, stream: "_Stream", data: bytes) -> None:
        self._inflated += stream.feed(data)
        if self._inflated > MOST_INFLATED + MOST_INFLATED_TO_ONE * self._size:
            raise AttachmentUnsafe("it becomes far larger when it is opened")

    def finish(self) -> None:
        """The file is over. Raises AttachmentTypeDiffers, AttachmentUnsafe."""
        self._begin_streams(b"")
        for stream in self._streams:
            stream.finish()
        self._names.look(b"\n")
        if self._size < len(HEAD) or b"%%EOF" not in self._tail:
            raise AttachmentTypeDiffers("the PDF file is not whole")


def _holds_objects(before: bytes) -> bool:
    """Whether the stream behind this is one of objects, which has to inflate. Raises AttachmentUnsafe where it would not show them."""
    try:
        dictionary = _plain(dictionary_of(before))
    except NotRead:
        raise AttachmentUnsafe("a stream's dictionary cannot be examined") from None
    if _TWICE.search(dictionary):
        raise AttachmentUnsafe("a stream is compressed twice")
    if _FIRST.search(dictionary) is None:
        return False
    filters, flate = len(_FILTER.findall(dictionary)), _FLATE_ALONE.search(dictionary) is not None
    if filters > flate or _PREDICTOR.search(dictionary):
        raise AttachmentUnsafe("objects are coded in a way that cannot be examined")
    return flate


class _Names:
    """Looks for the names that are refused, in parts of one text."""

    def __init__(self) -> None:
        self._kept = b""

    def look(self, part: bytes) -> None:
        raw = self._kept + part
        self._kept, text = raw[-_LONGEST:], _plain(raw)
        found = _NAME.search(text)
        # At the end of what has come, a name may go on: then the next part shows it whole.
        if found is not None and found.end() < len(text):
            raise AttachmentUnsafe(f"it has {_REFUSED[found[1]]}")
        if _EMBEDS.search(text):
            raise AttachmentUnsafe("it has an embedded file")


class _Stream:
    """A stream that may inflate. `must`: it holds objects, and is refused where it does not."""

    def __init__(self, *, must: bool) -> None:
        self._must, self.over = must, False
        self._inflating, self._names, self._made = zlib.decompressobj(), _Names(), 0

    def feed(self, data: bytes) -> int:
        """The next part of the file. Gives how much it has become. Raises AttachmentUnsafe."""
        before = self._made
        while data and not self.over:
            try:
                made = self._inflating.decompress(data, 1024 * 1024)
            except zlib.error:
                if self._must:
                    raise AttachmentUnsafe("objects are coded in a way that cannot be examined") from None
                self.over = True
                break
            self._made += len(made)
            if self._made > MOST_INFLATED:
                raise AttachmentUnsafe("it becomes far larger when it is opened")
            self._names.look(made)
            data, self.over = self._inflating.unconsumed_tail, self._inflating.eof
        if self.over:
            self._names.look(b"\n")
        return self._made - before

    def finish(self) -> None:
        """The file is over, and the stream is not. Raises AttachmentUnsafe."""
        if self._must:
            raise AttachmentUnsafe("objects are coded in a way that cannot be examined")


def _plain(text: bytes) -> bytes:
    """With the escapes of names undone (ISO 32000-2 7.3.5)."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text) if b"#" in text else text
