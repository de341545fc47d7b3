"""Who makes a connection to somewhere else: a closed list, so that no address that we are given is called but through the guard."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.sources import modules

CALLING = {
    "shared/siblings.py": "services of the node, at addresses of the settings; and for shared.outbound what its guard let through",
    "shared/root_keys/transit_engine.py": "the operator's vault",
    "shared/connection_pool.py": "services of the node, at addresses of the settings",
    "services/records/attachments/scanner.py": "the operator's scanner",
    "services/audit/destinations/addresses.py": "receivers of the log, at addresses that shared.outbound has looked at",
}
CONNECT = {
    "ClientSession", "TCPConnector", "UnixConnector", "open_connection", "create_connection", "sock_connect", "connect_ex", "urlopen",
    "HTTPConnection", "HTTPSConnection", "getaddrinfo", "gethostbyname",
}  # fmt: skip
OF_LIBRARIES = {("httpx2", "Client"), ("httpx2", "AsyncClient"), ("httpx2", "get"), ("httpx2", "post"), ("httpx2", "request")}


def connections(tree: ast.AST) -> Iterator[int]:
    """Lines that begin a connection, or ask where a name is."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute):
            module = called.value.id if isinstance(called.value, ast.Name) else ""
            if called.attr in CONNECT or (module, called.attr) in OF_LIBRARIES:
                yield node.lineno
        elif isinstance(called, ast.Name) and called.id in CONNECT:
            yield node.lineno


@pytest.mark.requirement("DOOR-ssrf")
def test_no_service_makes_a_connection_but_those_that_say_to_whom() -> None:
    found = {name for name, tree in modules("services", "shared") if any(connections(tree))}
    assert found == CALLING.keys()


def test_the_rule_sees_a_connection() -> None:
    made = "aiohttp.ClientSession()", "ClientSession(a)", "loop.create_connection(f)", "httpx2.AsyncClient()", "urllib.request.urlopen(u)"
    assert [list(connections(ast.parse(one))) for one in made] == [[1]] * len(made)
    assert list(connections(ast.parse("Client(a)"))) == []
