"""How the command speaks: plain sentences on standard output, what went wrong and what to do on standard error."""

from typing import NoReturn

import typer
from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def stop(what: str, remedy: str | None = None, *, code: int = 1) -> NoReturn:
    """Say what is wrong and what to do, and end with an exit code."""
    errors.print(f"[bold red]{what}[/]")
    if remedy:
        errors.print(remedy)
    raise typer.Exit(code)
