"""`make bench`: every measurement, or those named: `make bench ARGS="append decide"`; `--entries 50000`: a shorter log where it matters."""

import argparse
import importlib
import tempfile
from pathlib import Path

from rich.console import Console

from bench.append import PREFILLED
from bench.figures import disk_milliseconds, machine, show

MEASUREMENTS = {
    "decide": "bench.decide",
    "engines": "bench.engines",
    "decision": "bench.decision_http",
    "replay": "bench.replay",
    "swap": "bench.swap",
    "append": "bench.append",
    "library": "bench.library",
    "questions": "bench.questions",
    "console": "bench.console_log",
    "opening": "bench.opening",
    "again": "bench.log_again",
    "page": "bench.vendor_page",
    "node": "bench.node_size",
    "exchange": "bench.exchange",
    "batches": "bench.exchange_batches",
    "statistics": "bench.statistics",
    "packages": "bench.packages",
    "envelope": "bench.envelope_size",
    "finding": "bench.finding",
    "loading": "bench.loading",
    "gateway": "bench.gateway",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="measures, and prints what was measured beside its goals")
    parser.add_argument("named", nargs="*", metavar="MEASUREMENT", help=f"of {', '.join(MEASUREMENTS)}; by default all")
    parser.add_argument(
        "--entries",
        type=int,
        default=PREFILLED,
        help="in the log before `append`, `questions` and `console` are measured (default %(default)s)",
    )
    parser.add_argument("--folder", type=Path, help="where `console` keeps the log that it writes, and finds it the next time")
    asked = parser.parse_args()
    unknown = set(asked.named) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    console = Console()
    latency = disk_milliseconds(Path(tempfile.gettempdir()))
    console.print(f"{machine()}; one fdatasync of 4 KiB takes {latency:.2f} ms (median)")
    for name in asked.named or MEASUREMENTS:
        module = importlib.import_module(MEASUREMENTS[name])
        arguments = {"entries": asked.entries} if name in ("append", "console", "questions") else {}
        if name == "console":
            arguments["folder"] = asked.folder
        show(console, module.TITLE, module.run(**arguments))


if __name__ == "__main__":
    main()
