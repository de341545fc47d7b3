"""`make bench`: every measurement, or those named: `make bench ARGS="append decide"`."""

import importlib
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from bench.figures import disk_milliseconds, machine, show

MEASUREMENTS = {
    "decide": "bench.decide",
    "engines": "bench.engines",
    "decision": "bench.decision_http",
    "replay": "bench.replay",
    "swap": "bench.swap",
    "append": "bench.append",
    "page": "bench.vendor_page",
    "node": "bench.node_size",
    "exchange": "bench.exchange",
}


def main() -> None:
    """Measure and print."""
    console = Console()
    named = sys.argv[1:] or list(MEASUREMENTS)
    unknown = set(named) - set(MEASUREMENTS)
    if unknown:
        sys.exit(f"no such measurement; there are: {', '.join(MEASUREMENTS)}")
    latency = disk_milliseconds(Path(tempfile.gettempdir()))
    console.print(f"{machine()}; one fdatasync of 4 KiB takes {latency:.2f} ms (median)")
    for name in named:
        module = importlib.import_module(MEASUREMENTS[name])
        show(console, module.TITLE, module.run())


if __name__ == "__main__":
    main()
