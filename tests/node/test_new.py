"""`new`: what is typed wrong is said before anything is made."""

from pathlib import Path

import pytest

from tests.node.test_clients import run

RIGHT = {"--name": "Alder", "--state": "XA", "--entity-id": "https://alder.example", "--port": "1"}


@pytest.mark.parametrize(
    ("option", "written"),
    [
        ("--state", "XQZ"),
        ("--state", "xa"),
        ("--state", "ZZ"),
        ("--state", "CN"),
        ("--name", ""),
        ("--entity-id", "alder.example"),
        ("--entity-id", "http://alder.example"),
        ("--entity-id", "https://alder.example/"),
        ("--entity-id", "https://alder.example/node"),
        ("--entity-id", "https://Alder.example"),
        ("--entity-id", "https://alder.example:443"),
        ("--time-zone", "No/Where"),
        ("--time-zone", "../etc/passwd"),
        ("--time-zone", "America"),
        ("--tick-seconds", "100000"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_type_and_nothing_is_made(tmp_path: Path, option: str, written: str) -> None:
    options = {**RIGHT, option: written}
    code, said = run("new", str(tmp_path / "alder"), *(word for pair in options.items() for word in pair))
    assert (code, "Nothing was made." in said, f"Give {option}" in said) == (2, True, True), said
    assert list(tmp_path.iterdir()) == []
    again, _ = run("new", str(tmp_path / "alder"), *(word for pair in RIGHT.items() for word in pair))
    assert again == 0


@pytest.mark.parametrize("state", ["NC", "DC", "GU", "XQ"])
def test_a_node_is_of_a_state_a_territory_or_a_fiction(tmp_path: Path, state: str) -> None:
    options = {**RIGHT, "--state": state}
    assert run("new", str(tmp_path / "alder"), *(word for pair in options.items() for word in pair))[0] == 0
