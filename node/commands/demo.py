"""`demo`: the whole story on this machine."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from node.demo.telling import PORTS, run_demo


def demo(
    folder: Annotated[Path, typer.Argument(help="Made anew: what is in it is removed.")] = Path("var/demo"),
    once: Annotated[bool, typer.Option(help="End after the story; exit code 0 only if every step was verified.")] = False,
    students: Annotated[int, typer.Option(min=40, help="Students of each state.")] = 200,
    any_ports: Annotated[bool, typer.Option(help=f"Free ports instead of {PORTS[0]} and {PORTS[1]}.")] = False,
) -> None:
    """Two fictional states exchange a child's record, step by step, each step verified."""
    console = Console(highlight=False, width=min(Console().width, 120))
    ports = None if any_ports else PORTS
    raise typer.Exit(asyncio.run(run_demo(folder, once=once, console=console, students_per_state=students, ports=ports)))
