"""A measured figure, the disk it was measured on, and how they are printed."""

import gc
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from shared.garbage import COLLECTED_AFTER

progress = Console(stderr=True).print
"""Says how far a long measurement is."""


@dataclass(frozen=True)
class Figure:
    """One measured value beside what the issue asks for."""

    name: str
    value: float
    unit: str
    goal: str
    """`>= 40`, `<= 5`: a comparison with the value; empty where there is none."""
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached."""
        if not self.goal:
            return None
        relation, bound = self.goal.split()
        return self.value >= float(bound) if relation == ">=" else self.value <= float(bound)


class NotADisk(RuntimeError):
    """The folder is in memory: durable commits there prove nothing."""


def disk_milliseconds(folder: Path, *, writes: int = 50) -> float:
    """Median milliseconds of one 4 KiB write with fdatasync in `folder`. Raises NotADisk for a file system in memory."""
    if any(line.split()[2] == "tmpfs" for line in _mounts_of(folder)):
        raise NotADisk("measure on a disk: set TMPDIR")
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(writes):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def _mounts_of(folder: Path) -> list[str]:
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return []
    lines = [line for line in mounts.read_text().splitlines() if folder.resolve().is_relative_to(line.split()[1])]
    return sorted(lines, key=lambda line: len(line.split()[1]))[-1:]


def as_served() -> None:
    """Leave everything that exists out of garbage collection, and look for more as seldom as a served process does (node.server)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of `values` are."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median_of(runs: int, measure: Callable[[], float]) -> float:
    """The median of several runs."""
    return statistics.median(measure() for _ in range(runs))


def machine() -> str:
    """What this ran on."""
    model = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.processor() or "?")
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, {platform.system()} {platform.release().split('-')[0]}"


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


def show(console: Console, title: str, figures: Sequence[Figure]) -> None:
    """Print figures beside their goals."""
    table = Table("figure", "measured", "goal", "", "note", title=title, title_justify="left", header_style="dim")
    for figure in figures:
        mark = {True: "[green]reached[/]", False: "[red]short[/]", None: ""}[figure.reached]
        table.add_row(figure.name, f"{figure.value:,.4g} {figure.unit}", figure.goal, mark, figure.note)
    console.print(table)
