"""Whether the services that run are those that the node's document describes.

The document is made when the node is built (decision 51), and every service is of the same build; while one is replaced, or where one was
forgotten, it is not. So each process says which document was built with it, and the gateway asks. What a service says here is believed:
whoever controls one can have the gateway called degraded, or keep it from being so.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from safepassage.canonical import digest_of
from shared.siblings import Transport, transports_over_http
from shared.who_may_call import ServiceName

log = logging.getLogger("safe_passage.gateway")

DOCUMENT: Final = Path(__file__).parent / "node.json"
SAID: Final = "interface"
"""In what readiness says: the digest of the document that was built with the process."""
LOOK_SECONDS: Final = 60


def interface() -> str:
    """The digest of the document of this build."""
    return digest_of(DOCUMENT.read_bytes())


class Interfaces:
    """Which services are of another build than `own`."""

    def __init__(self, own: str, services: Mapping[ServiceName, Transport]) -> None:
        self._own, self._services = own, services
        self.others: frozenset[ServiceName] = frozenset()

    async def look(self) -> None:
        """Ask each; one that does not answer, or is not ready, is taken for what it was."""
        said = {name: await _said(service) for name, service in self._services.items()}
        others = frozenset(name for name, one in said.items() if one != self._own and (one is not None or name in self.others))
        if others and others != self.others:
            log.warning("services are of another build than the document that is served", extra={"member": ", ".join(sorted(others))})
        self.others = others


async def _said(service: Transport) -> str | None:
    """None where it does not say; nothing where it is of a build that says nothing yet."""
    try:
        answer = await service.send("GET", "/readyz", "", {}, b"")
        return str(json.loads(answer.body).get(SAID, "")) if answer.status == 200 else None
    except (OSError, ValueError, AttributeError):
        return None


def open_interfaces(app: FastAPI, stack: AsyncExitStack) -> Interfaces:
    """Of the services at the URLs of the settings; an embedded node has none, and is one build."""
    settings = app.state.settings
    services = transports_over_http(settings.sibling_urls, settings.sibling_authorities_file)
    for service in services.values():
        stack.push_async_callback(service.close)
    app.state.interfaces = interfaces = Interfaces(app.state.in_force.get(SAID, ""), services)
    return interfaces


async def keep_comparing(app: FastAPI) -> None:
    """Look at once, and then each minute. A process that was not started from a build has nothing to compare."""
    while SAID in app.state.in_force:
        await app.state.interfaces.look()
        await asyncio.sleep(LOOK_SECONDS)
    await asyncio.Event().wait()  # a worker that ends makes the process unready
