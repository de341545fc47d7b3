"""How the command speaks: plain sentences on standard output, what went wrong and what to do on standard error."""

from typing import NoReturn

import typer
from rich.console import Console

from node.unusable import LOOK_AT_THE_PROVIDER, said_of_the_provider
from safepassage.problems.keys import KeysUnavailable
from shared.keys import KeyFileUnusable

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def stop(what: str, remedy: str | None = None, *, code: int = 1) -> NoReturn:
    """Say what is wrong and what to do, and end with an exit code."""
    errors.print(f"[bold red]{what}[/]")
    if remedy:
        errors.print(remedy)
    raise typer.Exit(code)


def stop_without_keys(error: KeyFileUnusable | KeysUnavailable) -> NoReturn:
    """A file's fault says itself, with what to do; of a provider's there is a page."""
    if isinstance(error, KeyFileUnusable):
        stop(f"{error}.")
    said = said_of_the_provider(error)
    stop(f"{said[0].upper()}{said[1:]}.", LOOK_AT_THE_PROVIDER)
