"""Messages between the service and a process that prepares for it, over a pair of sockets of these two alone.

A message is its length in 8 bytes, then Python's own form of objects. Nobody else can write one: neither end has a name, and each belongs
to one process. When one of the two ends, the other one sees it.
"""

import asyncio
import pickle
import socket
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, Final

_HEAD_BYTES: Final = 8
_FORM: Final = 5


class OtherHasEnded(Exception):
    """The process at the other end is not there any more."""


def _written(message: Any) -> bytes:
    body = pickle.dumps(message, protocol=_FORM)
    return len(body).to_bytes(_HEAD_BYTES, "big") + body


def send(end: socket.socket, message: Any) -> None:
    """Send, where nothing else is to be done meanwhile. Raises OSError."""
    end.sendall(_written(message))


def receive(end: socket.socket) -> Any:
    """The next message, however long it takes. Raises OtherHasEnded."""
    return pickle.loads(_exactly(end, int.from_bytes(_exactly(end, _HEAD_BYTES), "big")))  # noqa: S301 the service's own


def _exactly(end: socket.socket, size: int) -> bytearray:
    held = bytearray(size)
    view, at = memoryview(held), 0
    while at < size:
        came = end.recv_into(view[at:], 0, socket.MSG_WAITALL)  # less only where the other one ends, or a signal comes between
        if not came:
            raise OtherHasEnded
        at += came
    return held


async def ask(end: socket.socket, message: Any, *, beside: Executor) -> Any:
    """Send a message, and give the answer: a megabyte goes from one socket to the other without the loop. Raises OtherHasEnded.

    beside  a thread that waits for it. Given up, it ends with the connection: `hang_up`
    """
    return pickle.loads(await asyncio.get_running_loop().run_in_executor(beside, _asked, end, _written(message)))  # noqa: S301 the process was started by this one


def _asked(end: socket.socket, written: bytes) -> bytearray:
    try:
        end.sendall(written)
        return _exactly(end, int.from_bytes(_exactly(end, _HEAD_BYTES), "big"))
    except OSError as error:
        raise OtherHasEnded from error


def hang_up(end: socket.socket) -> None:
    """Have both ends see that it is over, who waits at this one too."""
    with suppress(OSError):  # the other one has ended before
        end.shutdown(socket.SHUT_RDWR)
    end.close()
