"""What a document may be: its content decides, wherever in it the word stands, however it comes in parts."""

import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.attachments import AttachmentEmpty, AttachmentTypeDiffers, AttachmentUnsafe
from safepassage.wire_attachments import MediaType
from services.records.attachments import pdf as pdf_rules
from services.records.attachments.types import check_of
from tests.records.attachments.files import CATALOG, IEP, JPEG, jpeg, object_stream, pdf, png, stream

PDF: MediaType = "application/pdf"
MIB = 1024 * 1024


def look(content: bytes, media_type: MediaType = PDF, *, part: int = 1 << 20) -> None:
    check = check_of(media_type)
    for start in range(0, len(content), part):
        check.feed(content[start : start + part])
    check.finish()


GOOD: list[tuple[bytes, MediaType]] = [
    (IEP, PDF),
    (pdf(), PDF),
    (pdf(stream(b"\xff\xd8\xff\xd9", about=b"/Subtype /Image /Filter /DCTDecode", compress=False)), PDF),
    (pdf(b"<< /Type /Outlines /First 5 0 R >>", stream(b"picture", about=b"/Subtype /Image /Filter /DCTDecode", compress=False)), PDF),
    (pdf(stream(bytes(60), about=b"/Type /XRef /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >>")), PDF),
    (pdf(b"<< /Title (a JavaScript course, LaunchPad) /X /LaunchPad >>"), PDF),
    (png(), "image/png"),
    (png((b"tEXt", b"Comment\0x")), "image/png"),
    (JPEG, "image/jpeg"),
    (JPEG + bytes(3) + jpeg(width=2), "image/jpeg"),
    (pdf(b"<< /Font << /EF1 5 0 R /F 6 0 R >> >>", stream(b"x", about=b"/Name (a \\) b (c) %) /Filter /FlateDecode")), PDF),
    (pdf(stream(b"BT (a stream of words, >> and obj) Tj ET", about=b"", compress=False)), PDF),
]
SCRIPT = (b"9 0 << /S /JavaScript >>".hex() + ">").encode()


def hexed(about: bytes, *, header: bytes | None = None) -> bytes:
    """A PDF with a stream of objects in hexadecimal digits, the first thing of a dictionary that begins so."""
    made = pdf(stream(SCRIPT, about=about, compress=False))
    return made if header is None else made.replace(b"4 0 obj", header)


UNSAFE: dict[str, bytes] = {
    "script": pdf(b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"),
    "script-escaped": pdf(b"<< /S /J#61vaScr#69pt >>"),
    "script-all-escaped": pdf(b"<< /S /" + b"".join(b"#%02x" % letter for letter in b"JavaScript") + b" >>"),
    "script-in-object-stream": pdf(object_stream(b"<< /S /JavaScript >>")),
    "script-in-bare-object-stream": pdf(object_stream(b"<< /S /JavaScript >>", about=b"/Type /ObjStm /N 1 /First 4", compress=False)),
    "script-in-stream-without-type": pdf(stream(b"9 0 << /S /JavaScript >>", about=b"/N 1 /First 4 /Filter[/FlateDecode]")),
    "script-behind-a-string": pdf(stream(b"9 0 << /S /JavaScript >>", about=b"/N 1 /First 4 /X ((1 0 obj)) /Filter /FlateDecode")),
    "program": pdf(catalog=CATALOG.replace(b">>", b"/OpenAction << /S /Launch /F (x.exe) >> >>")),
    "embedded": pdf(b"<< /Type /EmbeddedFile >>"),
    "embedded-tree": pdf(catalog=CATALOG.replace(b">>", b"/Names << /EmbeddedFiles 5 0 R >> >>")),
    "xfa": pdf(b"<< /XFA 5 0 R >>"),
    "media": pdf(b"<< /Subtype /RichMedia >>"),
    "sends": pdf(b"<< /S /SubmitForm >>"),
    "encrypted": pdf(trailer=b"/Encrypt 5 0 R "),
    "hidden-by-ascii85": pdf(object_stream(b"<< >>", about=b"/N 1 /First 4 /Filter [/ASCII85Decode /FlateDecode]")),
    "hidden-by-lzw": pdf(object_stream(b"<< >>", about=b"/N 1 /First 4 /Filter /LZWDecode", compress=False)),
    "hidden-by-predictor": pdf(object_stream(b"<< >>", about=b"/N 1 /First 4 /Filter /FlateDecode /DecodeParms << /Predictor 11 >>")),
    "hidden-by-reference": pdf(object_stream(b"<< >>", about=b"/N 1 /First 4 /Filter 7 0 R")),
    "hidden-by-other-data": pdf(object_stream(b"<< >>", compress=False)),
    "hidden-by-a-string-and-a-number": pdf(object_stream(b"<< >>", about=b"/First 4 /Q (1 0 obj /Filter /LZWDecode ")),
    "hidden-by-an-end-in-a-string": hexed(b"/N 1 /First 4 /Filter /ASCIIHexDecode /X (endstream obj)"),
    "hidden-by-an-end-in-a-comment": hexed(b"/N 1 /First 4 /Filter /ASCIIHexDecode % endstream 7 0 obj <<\n"),
    "hidden-by-a-header-in-a-string": hexed(b"/N 1 /First 4 /Filter /ASCIIHexDecode /X (\n9 0 obj << \\( )"),
    "hidden-by-a-header-in-a-string-and-a-comment": hexed(b"/N 1 /X (\n9 0 obj << % ) /First 4 /Filter /ASCIIHexDecode\n"),
    "hidden-by-strings-in-a-string": hexed(b"/N 1 /X ( a ( b ) % c ) /First 5 0 R /Filter /ASCIIHexDecode\n"),
    "hidden-by-escaped-brackets": hexed(b"/N 1 /A#28 /First 5 0 R /Filter /ASCIIHexDecode /B#29"),
    "hidden-by-a-comment-in-the-header": hexed(b"/N 1 /First 4 /Filter /ASCIIHexDecode", header=b"4 0 %\nobj"),
    "hidden-by-comments-before-the-data": hexed(b"/N 1 /First 4 /Filter /ASCIIHexDecode").replace(b">>\nstream", b">>%a\n% b\rstream"),
    "hidden-by-a-long-comment": hexed(b"/N 1 /First 4 /Filter /ASCIIHexDecode").replace(
        b">>\nstream", b">>%" + b"a" * 70_000 + b"\nstream"
    ),
    "hidden-by-two-filters": pdf(object_stream(b"<< >>", about=b"/N 1 /First 4 /Filter /FlateDecode /Filter /ASCIIHexDecode")),
    "embedded-without-saying-so": pdf(b"<< /Type /Filespec /F (x.exe) /EF << /F 5 0 R >> >>"),
    "embedded-elsewhere": pdf(b"<< /F (x.exe) /E#46\r\n5 0 R >>"),
    "embedded-in-the-page": pdf(b"<< /Subtype /FileAttachment /FS 5 0 R >>"),
    "script-of-a-model": pdf(b"<< /Type /3D /Subtype /U3D /OnInstantiate 5 0 R >>"),
    "film": pdf(b"<< /Subtype /Movie >>"),
    "compressed-twice": pdf(stream(zlib.compress(b"x" * 99), about=b"/Filter [/FlateDecode /FlateDecode]")),
}
ARCHIVES: dict[str, tuple[bytes, MediaType]] = {
    "zip": (pdf(tail=b"PK\x05\x06" + bytes(16) + b"\x08\x00\n%%EOF\n\0\0"), PDF),
    "rar": (jpeg(scan=b"Rar!\x1a\x07\x01\0"), "image/jpeg"),
    "7z": (png((b"teXt", b"7z\xbc\xaf\x27\x1c")), "image/png"),
    "cab": (pdf(b"(MSCF\0\0\0\0)"), PDF),
    "tar": (b"%PDF-1.4" + bytes(249) + b"ustar\x0000" + IEP, PDF),
    "disc": (b"%PDF-1.4" + bytes(0x8001 - 8) + b"CD001" + IEP, PDF),
}
DIFFERENT: dict[str, tuple[bytes, MediaType]] = {
    "png-as-pdf": (png(), PDF),
    "pdf-as-png": (IEP, "image/png"),
    "pdf-as-jpeg": (IEP, "image/jpeg"),
    "page-as-pdf": (b"<html>%PDF-1.7 %%EOF</html>", PDF),
    "half-a-pdf": (IEP[:-200], PDF),
    "five-bytes": (b"%PDF-", PDF),
    "half-a-png": (png()[:-5], "image/png"),
    "damaged-png": (png().replace(b"IDAT", b"IDAS"), "image/png"),
    "png-with-another-header": (png().replace(b"IHDR", b"IHDX"), "image/png"),
    "half-a-jpeg": (JPEG[:-1], "image/jpeg"),
    "jpeg-and-more": (JPEG + b"<?php", "image/jpeg"),
    "jpeg-and-more-with-its-end": (JPEG + b"<?php \xff\xd9", "image/jpeg"),
    "half-a-second-jpeg": (JPEG + JPEG[:-2], "image/jpeg"),
    "jpeg-without-a-picture": (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9", "image/jpeg"),
    "damaged-jpeg": (JPEG.replace(b"\xff\xda", b"xx"), "image/jpeg"),
}


@pytest.mark.parametrize(("content", "media_type"), GOOD)
@pytest.mark.parametrize("part", [1, 7, 64, 1 << 20])
def test_plain_documents_are_taken_in_parts_of_any_length(content: bytes, media_type: MediaType, part: int) -> None:
    look(content, media_type, part=part)


@pytest.mark.parametrize("part", [1, 13, 1 << 20])
@pytest.mark.parametrize("what", UNSAFE)
def test_active_hidden_or_encrypted_content_is_refused_in_parts_of_any_length(what: str, part: int) -> None:
    with pytest.raises(AttachmentUnsafe):
        look(UNSAFE[what], part=part)


@pytest.mark.parametrize("part", [1, 5, 1 << 20])
@pytest.mark.parametrize("what", ARCHIVES)
def test_what_is_an_archive_at_the_same_time_is_refused(what: str, part: int) -> None:
    content, media_type = ARCHIVES[what]
    with pytest.raises(AttachmentUnsafe, match="archive"):
        look(content, media_type, part=part)


@pytest.mark.parametrize("part", [1, 1 << 20])
@pytest.mark.parametrize("what", DIFFERENT)
def test_content_of_another_type_than_declared_is_refused(what: str, part: int) -> None:
    content, media_type = DIFFERENT[what]
    with pytest.raises(AttachmentTypeDiffers):
        look(content, media_type, part=part)


@pytest.mark.parametrize("media_type", [PDF, "image/png", "image/jpeg"])
def test_nothing_is_no_document(media_type: MediaType) -> None:
    with pytest.raises(AttachmentEmpty):
        look(b"", media_type)


def test_a_picture_of_too_many_pixels_and_one_with_something_behind_it_are_refused() -> None:
    for content in (png(width=20_000, height=20_000), png(tail=b"x")):
        with pytest.raises(AttachmentUnsafe):
            look(content, "image/png")
    for content in (jpeg(width=65_500, height=65_500), jpeg(height=0), JPEG + jpeg(width=65_500, height=65_500)):
        with pytest.raises(AttachmentUnsafe):
            look(content, "image/jpeg")


def test_a_stream_that_becomes_far_larger_is_refused_before_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_rules, "MOST_INFLATED", 2 * MIB)
    bomb = pdf(stream(bytes(40 * MIB)))
    assert len(bomb) < MIB
    tracemalloc.start()
    try:
        with pytest.raises(AttachmentUnsafe, match="larger"):
            look(bomb)
        assert tracemalloc.get_traced_memory()[1] < 12 * MIB
    finally:
        tracemalloc.stop()
    many = pdf(*(stream(bytes(MIB)) for _ in range(12)))
    monkeypatch.setattr(pdf_rules, "MOST_INFLATED_TO_ONE", 100)
    with pytest.raises(AttachmentUnsafe, match="larger"):
        look(many)


def test_a_word_is_found_wherever_it_stands_in_a_large_file() -> None:
    filler = b"% " + b"x" * (300 * 1024) + b"\n"
    look(pdf(b"<< >> " + filler))
    for hidden in (b"<< /S /JavaScript >>", object_stream(b"<< /S /JavaScript >>")):
        with pytest.raises(AttachmentUnsafe):
            look(pdf(b"<< >> " + filler, hidden, b"<< >> " + filler), part=64 * 1024)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000), st.integers(1, 300))
def test_no_content_makes_a_check_fail_in_another_way(content: bytes, part: int) -> None:
    for media_type, head in ((PDF, b"%PDF-1.4\n1 0 obj stream\n"), ("image/png", b"\x89PNG\r\n\x1a\n"), ("image/jpeg", b"\xff\xd8\xff")):
        with suppress(AttachmentUnsafe, AttachmentTypeDiffers):
            look(head + content, media_type, part=part)  # type: ignore[arg-type]  # a tuple's member is read as str
