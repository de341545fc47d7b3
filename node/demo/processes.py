"""A node as a process of its own, started and stopped (also rudely) by the demo and by tests."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from node.folder import NodeFolder

READY_SECONDS = 60.0


class NodeDidNotStart(Exception):
    """The process ended or was not ready in time; `log` has its last lines."""


class NodeProcess:
    """One embedded node: `safepassage-node up FOLDER`, its log in the folder.

    authority  PEM file of who issued the certificate that `arguments` name, where it speaks TLS
    """

    def __init__(
        self, folder: NodeFolder, *, arguments: Sequence[str] = ("-m", "node.command", "up"), authority: Path | None = None
    ) -> None:
        self.folder = folder
        self._arguments = arguments
        self._tls = None if authority is None else ssl.create_default_context(cafile=authority)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """Where its gateway answers."""
        file = self.folder.file
        return f"{'http' if self._tls is None else 'https'}://{file.host}:{file.port}"

    @property
    def log_file(self) -> Path:
        """What the process says."""
        return self.folder.path / "node.log"

    @property
    def pid(self) -> int:
        """The process's id. Raises NodeDidNotStart if there is none."""
        if self._process is None:
            raise NodeDidNotStart("it was not started")
        return self._process.pid

    def start(self) -> "NodeProcess":
        """Start it without waiting."""
        with self.log_file.open("ab") as log:
            command = [sys.executable, *self._arguments, str(self.folder.path)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 our own command
        return self

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> "NodeProcess":
        """Wait for /readyz. Raises NodeDidNotStart."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                raise NodeDidNotStart("the process ended:\n" + self.last_lines())
            try:
                with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=2, context=self._tls) as answer:  # noqa: S310 our own address
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.05)
        raise NodeDidNotStart(f"not ready after {seconds:.0f} s:\n" + self.last_lines())

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-count:]) if self.log_file.exists() else "(no log)"


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def taken(port: int) -> bool:
    """Whether somebody listens on a port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
