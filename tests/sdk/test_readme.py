"""The SDK's README says nothing that does not work."""

import re
import shlex
from pathlib import Path

import pytest

from safepassage.client import BlockingClient, Client, calls
from safepassage.command import argument_parser

README = (Path(__file__).parents[2] / "sdk" / "python" / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^safepassage .*$", README, re.MULTILINE)


@pytest.mark.parametrize("block", PYTHON)
def test_what_the_examples_import_and_call_exists(block: str) -> None:
    compile(block, "README.md", "exec")
    exec("\n".join(re.findall(r"^from .*$", block, re.MULTILINE)), {})  # noqa: S102 our own text
    for method in re.findall(r"client\.(\w+)\(", block):
        assert hasattr(BlockingClient, method)
        assert hasattr(Client, method)
    for name in re.findall(r"calls\.(\w+)\(", block):
        assert hasattr(calls, name)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_be_said_so(line: str) -> None:
    arguments = shlex.split(line.partition(" > ")[0])[1:]
    assert argument_parser().parse_args(arguments).run


def test_there_are_examples() -> None:
    assert len(PYTHON) >= 3
    assert len(COMMANDS) >= 8
