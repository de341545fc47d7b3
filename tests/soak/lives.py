"""The processes of one soaked node, and another life for each that is killed: `python -m tests.soak.lives FOLDER`.

This process has imported everything and forks theirs, so that a new life begins within a second. Whoever kills finds their ids in
`pids.json`. While a file `hold` is in the folder, the dead stay dead: an operator changes keys that a running process must not see changed.
"""

import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path

from node.embedded import EmbeddedNode
from node.server import serve
from shared.who_may_call import SERVICES
from tests.soak.node_folders import SoakedFolder


def live(folder: SoakedFolder, name: str) -> None:
    """One life of a service, or of the whole node."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    port = folder.told["ports"][name]
    if name == "node":
        serve(EmbeddedNode(folder, clock=folder.clock), host="127.0.0.1", port=port)
        return
    module = importlib.import_module(f"services.{name}.app")
    serve(module.create_app(folder.settings(name), clock=folder.clock), host="127.0.0.1", port=port)  # type: ignore[arg-type]  # one of the four


class Lives:
    """Of one node."""

    def __init__(self, folder: SoakedFolder) -> None:
        self._folder, self._pids = folder, dict[str, int]()

    def begin(self, name: str) -> None:
        """Fork it, and say its id."""
        child = os.fork()
        if child == 0:
            live(self._folder, name)
            os._exit(0)
        self._pids[name] = child
        file = self._folder.path / "pids.json"
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(self._pids))
        fresh.replace(file)

    def keep(self) -> None:
        """Until every one has ended by itself."""
        while self._pids:
            pid, status = os.wait()
            name = next(name for name, held in self._pids.items() if held == pid)
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                while (self._folder.path / "hold").exists():
                    time.sleep(0.02)
                self.begin(name)
            else:
                del self._pids[name]


def main() -> None:
    """Give the node's processes a new life whenever one was killed."""
    for service in SERVICES:
        importlib.import_module(f"services.{service}.app")
    folder = SoakedFolder(Path(sys.argv[1]))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it goes to the whole group: this process ends when the others have
    lives = Lives(folder)
    for name in folder.processes:
        lives.begin(name)
    lives.keep()


if __name__ == "__main__":
    main()
