"""Bytes that another program in front could read as another request than the one that is answered: more shapes than one line holds.

What is refused has reached nobody; what passes is read in one way alone, and is one request.
"""

import asyncio
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.door.http_protocol import PIPELINED_AT_MOST
from services.gateway.door.request_line import WORDS, is_plain
from tests.gateway.door.test_http_protocol import CHUNKED, HOST, OK, heard, serving, spoken

END = HOST + b"\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
POST = b"POST / HTTP/1.1\r\n" + HOST

LINES = {
    "RTSP for HTTP": b"GET / RTSP/1.0\r\n" + END,
    "RTSP in the version of HTTP": b"GET / RTSP/1.1\r\n" + END,
    "a method that RTSP has": b"DESCRIBE / RTSP/1.0\r\n" + END,
    "ICE for HTTP": b"SOURCE / ICE/1.0\r\n" + END,
    "two spaces behind the method": b"GET  / HTTP/1.1\r\n" + END,
    "two spaces behind the target": b"GET /  HTTP/1.1\r\n" + END,
    "a tab behind the method": b"GET\t/ HTTP/1.1\r\n" + END,
    "a tab behind the target": b"GET /\tHTTP/1.1\r\n" + END,
    "a space at the end of the line": b"GET / HTTP/1.1 \r\n" + END,
    "a space before the method": b" GET / HTTP/1.1\r\n" + END,
    "LF alone before the line": b"\nGET / HTTP/1.1\r\n" + END,
    "CR alone before the line": b"\rGET / HTTP/1.1\r\n" + END,
    "two empty lines before it": b"\r\n\r\nGET / HTTP/1.1\r\n" + END,
    "LF alone behind the line": b"GET / HTTP/1.1\n" + END,
    "CR alone behind the line": b"GET / HTTP/1.1\r" + END,
    "the protocol in lower case": b"GET / http/1.1\r\n" + END,
    "the method in lower case": b"get / HTTP/1.1\r\n" + END,
    "a method that is none": b"FOO / HTTP/1.1\r\n" + END,
    "a version of two digits": b"GET / HTTP/1.10\r\n" + END,
    "a version with a zero in front": b"GET / HTTP/01.1\r\n" + END,
    "a target that is a name and a port": b"GET other.example:443 HTTP/1.1\r\n" + END,
    "a tunnel to a path": b"CONNECT / HTTP/1.1\r\n" + END,
    "an octet of no character in the target": b"GET /\xff HTTP/1.1\r\n" + END,
    "a control in the target": b"GET /\x01 HTTP/1.1\r\n" + END,
    "a handshake of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}
FIELDS = {
    "DEL in a value": GET + b"X: a\x7fb\r\n\r\n",
    "a vertical tab in a value": GET + b"X: a\x0bb\r\n\r\n",
    "LF alone in a value": GET + b"X: a\nb: c\r\n\r\n",
    "NUL in a name": GET + b"X\0: a\r\n\r\n",
    "a bracket in a name": GET + b"X(: a\r\n\r\n",
    "an octet of no character in a name": GET + b"X\xe9: a\r\n\r\n",
    "a name without a colon": GET + b"X\r\n\r\n",
    "a line of white space": GET + b" \r\n\r\n",
    "a tab before the colon": POST + b"Content-Length\t: 3\r\n\r\nabc",
    "a space before the colon of a coding": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "LF alone at the end of the header": b"GET / HTTP/1.1\r\nHost: node.example\r\n\n",
    "CR twice at the end of a line": b"GET / HTTP/1.1\r\nHost: node.example\r\r\n\r\n",
    "an upgrade that Connection does not name": GET + b"Upgrade: h2c\r\n\r\n",
}
LENGTHS = {
    "a length in a list without a space": POST + b"Content-Length: 3,3\r\n\r\nabc",
    "no length where one is said": POST + b"Content-Length: \r\n\r\n",
    "a length of twenty nines": POST + b"Content-Length: " + b"9" * 20 + b"\r\n\r\nabc",
    "a length behind a vertical tab": POST + b"Content-Length: \x0b3\r\n\r\nabc",
    "a length before a form feed": POST + b"Content-Length: 3\x0c\r\n\r\nabc",
    "a length with a line in it": POST + b"Content-Length: 1_0\r\n\r\n0123456789",
    "a length with an exponent": POST + b"Content-Length: 1e1\r\n\r\n0123456789",
    "a length in digits of another script": POST + "Content-Length: ٣\r\n\r\nabc".encode(),
    "lengths that differ": POST + b"Content-Length: 3\r\ncontent-length: 5\r\n\r\nabc",
    "chunked and none": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "none and chunked": POST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "none": POST + b"Transfer-Encoding: identity\r\n\r\nabc",
    "chunked twice in a list": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked with a parameter": POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
    "chunked in quotes": POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "chunked before a comma": POST + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
    "chunked behind a comma": POST + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n",
    "a coding that is folded": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a coding that is empty": POST + b"Transfer-Encoding:\r\n\r\n",
}
BODIES = {
    "a space behind a chunk's length": CHUNKED + b"1 \r\nx\r\n0\r\n\r\n",
    "a space before a chunk's length": CHUNKED + b" 1\r\nx\r\n0\r\n\r\n",
    "a chunk without a length": CHUNKED + b"\r\nx\r\n0\r\n\r\n",
    "a chunk's length below none": CHUNKED + b"-1\r\nx\r\n0\r\n\r\n",
    "chunks whose lines end with CR alone": CHUNKED + b"1\rx\r0\r\r",
    "a chunk that ends with LF alone": CHUNKED + b"1\r\nx\n0\r\n\r\n",
    "a chunk that does not end": CHUNKED + b"1\r\nx0\r\n\r\n",
    "a body that ends with LF alone": CHUNKED + b"1\r\nx\r\n0\r\n\n",
    "a length behind the body": CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    "a coding behind the body": CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a Host behind the body": CHUNKED + b"0\r\nHost: other.example\r\n\r\n",
}

PASSES = {
    "an empty line before the request": (b"\r\nGET / HTTP/1.1\r\n" + END, b"0"),
    "a tab in a value": (GET + b"X: a\tb\r\n\r\n", b"0"),
    "white space around a length": (POST + b"Content-Length: \t3 \t\r\n\r\nabc", b"3"),
    "zeros before a length": (POST + b"Content-Length: " + b"0" * 30 + b"3\r\n\r\nabc", b"3"),
    "chunked in capitals": (POST + b"Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"3"),
    "an extension of a chunk": (CHUNKED + b'3;a=b;c="d"\r\nabc\r\n0\r\n\r\n', b"3"),
    "zeros before a chunk's length": (CHUNKED + b"0003\r\nabc\r\n000\r\n\r\n", b"3"),
    "a body of a GET": (GET + b"Content-Length: 3\r\n\r\nabc", b"3"),
    "fields that are to stand behind the body and do not": (POST + b"Trailer: Authorization\r\nContent-Length: 3\r\n\r\nabc", b"3"),
    "an expectation that nobody knows": (POST + b"Expect: 200-ok\r\nContent-Length: 3\r\n\r\nabc", b"3"),
}


@pytest.mark.requirement("DOOR-bounded")
@pytest.mark.anyio
@pytest.mark.parametrize("table", [LINES, FIELDS, LENGTHS, BODIES], ids=["lines", "fields", "lengths", "bodies"])
async def test_what_could_be_read_as_another_request_is_refused(table: dict[str, bytes]) -> None:
    for name, data in table.items():
        heard.clear()
        async with serving() as port:  # which ends when whatever was begun has ended
            head, _, body = (await spoken(data, port=port)).partition(b"\r\n\r\n")
        assert (head[:13], json.loads(body)["code"]) == (b"HTTP/1.1 400 ", "malformed-request"), name
        assert len(heard) <= (table is BODIES), name


@pytest.mark.anyio
async def test_what_passes_is_one_request_and_the_next_one_begins_behind_it() -> None:
    async with serving() as port:
        for name, (data, length) in PASSES.items():
            heard.clear()
            answer = await spoken(data + b"GET /next HTTP/1.1\r\nConnection: close\r\n" + END, port=port, closing=True)
            assert (answer.count(OK), answer.count(b"HTTP/1.1 ")) == (2, 2), name
            assert b"\r\n\r\n1\r\n%b\r\n0\r\n\r\n" % length in answer, name
            assert [scope["raw_path"] for scope in heard] == [b"/", b"/next"], name


@pytest.mark.anyio
async def test_a_line_that_is_almost_one_is_refused_wherever_it_stands_and_in_whatever_parts_it_comes() -> None:
    before = {"nothing": b"", "a request": GET + b"\r\n", "a body": POST + b"Content-Length: 16\r\n\r\nGET /a HTTP/1.1\n"}
    for line in (b"GET /a RTSP/1.1\r\n", b"GET  /a HTTP/1.1\r\n", b"GET /a  HTTP/1.1\r\n"):
        for name, first in before.items():
            data = first + line + END
            for cuts in ((0, len(data)), (0, len(first) + 2, len(data)), (0, len(first), len(first) + 5, len(first) + 9, len(data))):
                heard.clear()
                async with serving() as port:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    for start, end in pairwise(cuts):
                        writer.write(data[start:end])
                        await writer.drain()
                        await asyncio.sleep(0.002)
                    async with asyncio.timeout(5):
                        answer = await reader.read()
                    writer.close()
                assert b"/a" not in [scope["raw_path"] for scope in heard], (name, line, cuts)
                assert b" 200 OK" not in answer.partition(b"HTTP/1.1 400")[2], (name, line, cuts)


@pytest.mark.anyio
async def test_what_stands_before_a_request_is_an_empty_line_or_nothing_though_it_comes_by_itself() -> None:
    last = b"GET /a HTTP/1.1\r\nConnection: close\r\n" + END
    whole = {(b"\r\n",): True, (b"\r", b"\n"): True, (b"\r",): False, (b"\n",): False, (b"\r\n", b"\r\n"): False, (b"\n", b"\r\n"): False}
    async with serving() as port:
        for parts, passes in whole.items():
            heard.clear()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for part in (*parts, last[:1], last[1:]):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.002)
            async with asyncio.timeout(5):
                answer = await reader.read()
            writer.close()
            assert (b" 200 OK" in answer, b" 400 " in answer, len(heard)) == (passes, not passes, passes), parts


@pytest.mark.anyio
async def test_more_requests_than_are_waited_for_on_one_connection_are_not_begun() -> None:
    async with serving() as port:
        for count, passes in ((PIPELINED_AT_MOST, True), (PIPELINED_AT_MOST + 3, False)):
            heard.clear()
            last = b"GET / HTTP/1.1\r\nConnection: close\r\n" + END
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write((GET + b"\r\n") * (count - 1) + last)
            async with asyncio.timeout(5):
                answer = await reader.read()
            writer.close()
            assert (answer.count(OK) == count) is passes
            assert (len(heard) == count) is passes


@pytest.mark.anyio
async def test_a_field_that_does_not_end_is_not_kept() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET + b"X: ")
        async with asyncio.timeout(5):
            while not reader.at_eof():
                writer.write(b"a" * 4096)
                await writer.drain()
                await asyncio.sleep(0.002)
                if b" 431 " in await _now(reader):
                    break
            else:
                pytest.fail("it is taken for ever")
        writer.close()


async def _now(reader: asyncio.StreamReader) -> bytes:
    """What is there already."""
    try:
        async with asyncio.timeout(0.001):
            return await reader.read(4096)
    except TimeoutError:
        return b""


METHODS = st.sampled_from([b"GET", b"POST", b"M-SEARCH"])
TARGETS = st.sampled_from([b"/", b"/a", b"/GET", b"/HTTP/1.1"])
SPACES = st.sampled_from([b" ", b"  ", b"   "])
PROTOCOLS = st.sampled_from([b"HTTP/", b"RTSP/", b"ICE/"])
JUNK = st.lists(
    st.sampled_from([b"GET", b"POST", b" ", b"  ", b"/a", b"/", b"HTTP/1.1\r\n", b"RTSP/1.1\r\n", b"\r\n", b"x"]), max_size=12
).map(b"".join)


@given(METHODS, SPACES, TARGETS, SPACES, PROTOCOLS, JUNK, JUNK)
def test_no_line_passes_that_is_not_as_it_has_to_be_whatever_stands_around_it(
    method: bytes, gap: bytes, target: bytes, second: bytes, protocol: bytes, before: bytes, behind: bytes
) -> None:
    line, sent = method + b" " + target + WORDS["1.1"], method + gap + target + second + protocol + b"1.1\r\n"
    plain = sent == line
    assert is_plain(line, sent + behind, at_start=True, method=method, target=target) is plain
    if not plain:
        assert not is_plain(line, before + sent + behind, at_start=False, method=method, target=target)
    elif b"  " not in before + behind and b"RTSP" not in before + behind:
        assert is_plain(line, before + sent + behind, at_start=False, method=method, target=target)
