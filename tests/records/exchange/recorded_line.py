"""The line to a node's port, recorded: every byte that another node's process sends and gets, as somebody on the network would see it."""

import socket
import socketserver
import threading
from typing import Any

import psutil

CHUNK = 1 << 16


class RecordedLine(socketserver.ThreadingTCPServer):
    """Listens where the node is known, and passes on to where it is.

    What this process itself sends is passed on and not recorded: it stands for the state's own information systems, which read in clear
    what they may read, over TLS of their own.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, port: int, to: int) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.to = to
        self.flows: list[bytearray] = []
        """Of each connection and direction."""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def recorded(self) -> list[bytes]:
        """Everything so far, by connection and direction."""
        return [bytes(flow) for flow in list(self.flows)]

    def close(self) -> None:
        """Listen no more."""
        self.shutdown()
        self.server_close()


class _Connection(socketserver.BaseRequestHandler):
    server: RecordedLine

    def handle(self) -> None:
        """Both ways until one side ends."""
        own = {one.laddr.port for one in psutil.Process().net_connections("tcp") if one.laddr}
        there, back = bytearray(), bytearray()
        if self.client_address[1] not in own:
            self.server.flows += [there, back]
        try:
            with socket.create_connection(("127.0.0.1", self.server.to)) as node:
                answering = threading.Thread(target=self._pass_on, args=(node, self.request, back), daemon=True)
                answering.start()
                self._pass_on(self.request, node, there)
                answering.join()
        except OSError:
            return  # the node is away: the caller sees its connection end

    def _pass_on(self, source: Any, sink: Any, flow: bytearray) -> None:
        try:
            while data := source.recv(CHUNK):
                flow += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return
