"""Whatever a page, a help text or a message tells a reader to type is a command that there is, with options that it has."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main

from node.command import app
from safepassage.command import argument_parser

ROOT = Path(__file__).parents[2]
TYPED: Final = re.compile(r"(?<![\w/.])(safepassage(?:-node)?)((?: +(?:[^\s`|;&>()\"']+|\"[^\"\n]*\"))+)")
OPTION: Final = re.compile(r"--[a-z][a-z-]+")
PLACES: Final = ("*.md", "docs/**/*.md", "sdk/python/*.md", "node/**/*.py", "services/**/*.py", "sdk/python/src/**/*.py", "deploy/**/*")
SHORT: Final = re.compile(r"`(keys|trust|clients|organisations|letters|matches|policies|shred) ([a-z]+(?:-[a-z]+)*)")
"""A command as prose names it, without the program."""


def texts() -> Iterator[tuple[str, str]]:
    for place in PLACES:
        for path in sorted(ROOT.glob(place)):
            if path.suffix in {".md", ".py", ".sh", ".yaml", ""} and path.is_file():
                yield str(path.relative_to(ROOT)), path.read_text()


@cache
def group() -> Any:
    return typer.main.get_command(app)


def wrong_of_node(words: list[str]) -> str | None:
    """What of a command of the node there is not."""
    command: Any = group()
    options: set[str] = set()
    for number, word in enumerate(words):
        named = word.strip("`.,:;*")
        if hasattr(command, "get_command"):
            if not re.fullmatch(r"[a-z][a-z-]+", named):
                return None  # a page speaks of the command as such
            found = command.get_command(None, named)
            if found is None:
                return f"{' '.join(words[:number])} {named}".strip() if number == 0 or command is not group() else named
            command = found
            options = {one for parameter in command.params for one in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
        elif (option := OPTION.fullmatch(named.partition("=")[0])) and option[0] not in options:
            return f"{command.name} {option[0]}"
    return None


def wrong_of_sdk(words: list[str]) -> str | None:
    """The same of the SDK's command."""
    (commands,) = (one.choices for one in argument_parser()._actions if getattr(one, "choices", None))
    named = words[0].strip("`.,:;*")
    if named not in commands:
        return named if len(words) > 1 and words[1].startswith("-") else None  # else a word of a sentence: the package's name too
    options = set(commands[named]._option_string_actions)
    return next(
        (
            f"{named} {one}"
            for word in words
            if (one := word.partition("=")[0].strip("`.,:;")) and OPTION.fullmatch(one) and one not in options
        ),
        None,
    )


def told(text: str) -> Iterator[tuple[str, list[str]]]:
    for program, said in TYPED.findall(text.replace("\\\n", " ")):
        yield program, said.split()


def test_whatever_is_to_be_typed_is_there() -> None:
    checked, wrong = 0, []
    for place, text in texts():
        for program, words in told(text):
            checked += 1
            fault = (wrong_of_node if program == "safepassage-node" else wrong_of_sdk)(words)
            if fault:
                wrong.append(f"{place}: {program} {fault}")
        for found, name in SHORT.findall(text):
            checked += 1
            if group().get_command(None, found).get_command(None, name) is None:
                wrong.append(f"{place}: {found} {name}")
    assert wrong == []
    assert checked > 200


@pytest.mark.parametrize(
    "typed",
    [
        "safepassage-node verify-logs var/node",
        "safepassage-node trust instal alder",
        "safepassage-node up --folder x",
        "safepassage verify x --log-keys y",
    ],
)
def test_what_is_not_there_is_found(typed: str) -> None:
    ((program, words),) = told(typed)
    assert (wrong_of_node if program == "safepassage-node" else wrong_of_sdk)(words)
