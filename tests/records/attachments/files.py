"""Small files of the types that are taken, as their writers make them."""

import zlib

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def pdf(*objects: bytes, catalog: bytes = CATALOG, trailer: bytes = b"", tail: bytes = b"") -> bytes:
    """A PDF with a page tree and these objects, from number 4 on."""
    bodies = [catalog, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>", *objects]
    text, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    ending = b"trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, trailer, len(text))
    return text + head + table + ending + tail


def stream(data: bytes, *, about: bytes = b"/Filter /FlateDecode", compress: bool = True) -> bytes:
    """A stream object."""
    content = zlib.compress(data) if compress else data
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), about, content)


def object_stream(inner: bytes, *, about: bytes = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", compress: bool = True) -> bytes:
    """An object stream that holds one object."""
    return stream(b"9 0 " + inner, about=about, compress=compress)


def png(*chunks: tuple[bytes, bytes], width: int = 1, height: int = 1, tail: bytes = b"") -> bytes:
    """A PNG picture with further chunks."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    every = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    parts = [len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") for kind, data in every]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + tail


def jpeg(*, width: int = 8, height: int = 8, scan: bytes = b"\x55\xff\x00\xaa\xff\xd0\x55") -> bytes:
    """A JPEG picture, as far as its markers go."""
    frame = b"\xff\xc0\x00\x0b\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
        + frame
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
        + scan
        + b"\xff\xd9"
    )


JPEG = jpeg()
IEP = pdf(stream(b"BT /F1 12 Tf (Individualized education program) Tj ET"), object_stream(b"<< /Font /F1 >>"))
