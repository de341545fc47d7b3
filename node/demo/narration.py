"""How the demo tells its story: what happens, how long it took, what was verified, where to look."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Column, Table

from safepassage.problems import SuiteError

INDENT = 3


class NotAsTold(AssertionError):
    """A step did not end as the story says. The demo fails, and says which sentence was not true."""


class Narrator:
    """Prints the story and keeps count of what was verified."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step = 0
        self.verified = 0

    def title(self, heading: str, text: str) -> None:
        """What the reader is about to see."""
        self._console.print(Panel(text, title=f"[bold]{heading}[/]", title_align="left", border_style="blue", expand=False))

    @contextmanager
    def step(self, heading: str) -> Iterator[None]:
        """A step, with its time."""
        self._step += 1
        self._console.print(f"\n[bold blue]{self._step}.[/] [bold]{heading}[/]")
        started = time.monotonic()
        yield
        self._console.print(f"   [dim]{time.monotonic() - started:.2f} s[/]")

    def say(self, text: str) -> None:
        """A sentence of the story."""
        self._line(text)

    def check(self, sentence: str, *, holds: bool) -> None:
        """A sentence that is verified now. Raises NotAsTold if it does not hold."""
        if not holds:
            self._line(f"[bold red]{escape(sentence)}[/]", mark="[bold red]✗[/]")
            raise NotAsTold(sentence)
        self.verified += 1
        self._line(escape(sentence), mark="[green]✓[/]")

    @contextmanager
    def proof(self, sentence: str) -> Iterator[None]:
        """A sentence that what is done within proves. Raises NotAsTold where a verification in it fails."""
        try:
            yield
        except SuiteError as error:
            self.check(f"{sentence} ({error})", holds=False)
        self.check(sentence, holds=True)

    def refused(self, what: str, why: str, citation: str | None) -> None:
        """A refusal, with its reason."""
        cited = f" [yellow]({citation})[/]" if citation else ""
        self._line(f"{what}: {why}{cited}", mark="[yellow]⊘[/]")

    def where(self, text: str) -> None:
        """Where to look for it."""
        self._line(f"[dim]{text}[/]", mark="[dim]→[/]")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Things side by side."""
        table = Table(*columns, box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for row in rows:
            table.add_row(*row)
        self._console.print(Padding(table, (0, 0, 0, INDENT)))

    def _line(self, text: str, *, mark: str | None = None) -> None:
        """Where it is long, its other lines are indented as the first is."""
        line = Table.grid(Column(width=1), Column(), padding=(0, 1, 0, 0)) if mark else Table.grid()
        line.add_row(*([mark, text] if mark else [text]))
        self._console.print(Padding(line, (0, 0, 0, INDENT)))

    def plain(self, text: str) -> None:
        """A line to copy, as it is."""
        self._console.print(text, markup=False, soft_wrap=True)
