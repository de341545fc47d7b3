"""The nginx that docs/deployment.md shows lets through what the gateway takes, and keeps nothing of it."""

import re
from pathlib import Path

import pytest

from services.gateway.door.routing_table import ROUTES

PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


@pytest.fixture(scope="module")
def directives() -> dict[str, str]:
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines = [line.strip().removesuffix(";") for line in block.splitlines() if line.strip().endswith(";")]
    fields = {f"field {line.split()[1]}".lower(): line.split()[2] for line in lines if line.startswith("proxy_set_header")}
    return {name: value for name, _, value in (line.partition(" ") for line in lines)} | fields


def size(said: str) -> int:
    return int(said[:-1]) * UNITS[said[-1]]


def test_it_lets_through_the_largest_body_the_longest_answer_and_the_longest_token(directives: dict[str, str]) -> None:
    assert size(directives["client_max_body_size"]) >= max(route.body_bytes for route in ROUTES)
    assert 60 * int(directives["proxy_read_timeout"].removesuffix("m")) > max(route.answer_seconds for route in ROUTES)
    count, each = directives["large_client_header_buffers"].split()
    assert int(count) * size(each) >= max(route.header.bytes for route in ROUTES)
    assert size(each) >= 12 * 2**10  # the longest token, in one line


def test_no_record_comes_to_the_proxys_disk_and_none_that_broke_off_looks_whole(directives: dict[str, str]) -> None:
    assert (directives["proxy_request_buffering"], directives["proxy_max_temp_file_size"]) == ("off", "0")
    assert directives["proxy_http_version"] == "1.1"


def test_what_a_client_says_of_itself_in_the_fields_that_the_gateway_believes_is_replaced(directives: dict[str, str]) -> None:
    assert "`SAFE_PASSAGE_CLIENT_CERTIFICATE_HEADER=client-cert`" in PAGE.read_text()
    assert directives["field client-cert"] == "$ssl_client_escaped_cert"
    assert directives["field x-forwarded-for"] == "$proxy_add_x_forwarded_for"
    assert directives["field host"] == "$http_host"
