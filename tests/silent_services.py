"""A fault: a service does not answer another one of its node."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from shared.who_may_call import ServiceName


@contextmanager
def silent(asking: FastAPI, service: ServiceName) -> Iterator[None]:
    """Meanwhile `service` does not answer the one that asks."""
    transport: Any = asking.state.siblings._transports[service]
    answering, transport.app = transport.app, None
    try:
        yield
    finally:
        transport.app = answering
