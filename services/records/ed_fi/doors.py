"""The Ed-Fi systems of a running service, each with its one client."""

from uuid import UUID

import aiohttp

from services.records.ed_fi.api import EdFiApi, Wait
from services.records.ed_fi.systems import EdFiSystem, EdFiSystems
from services.records.settings import RecordsSettings
from shared.certificates import client_context
from shared.clock import Clock
from shared.outbound.addresses import LOOPBACK
from shared.outbound.calls import Reachable

ANSWER_SECONDS, PATIENCE_SECONDS, TRIES = 6.0, 2.0, 2
"""How long a system may take over a body, how long is waited where it is busy, and how often it is asked: the SDK waits for an answer of
ours no longer than 30 s.
"""


def ed_fi_session(settings: RecordsSettings, *, seconds: float) -> aiohttp.ClientSession:
    """The session for the systems of the operator's file: public addresses, those of the settings, and this machine's own."""
    reachable = Reachable((*settings.inside_networks, *LOOPBACK))
    return reachable.session(client_context(settings.ed_fi_authorities_file), seconds=seconds)


class EdFiDoors:
    """`app.state.ed_fi`."""

    def __init__(self, systems: EdFiSystems, session: aiohttp.ClientSession, *, clock: Clock, wait: Wait) -> None:
        self._systems, self._session, self._clock, self._wait = systems, session, clock, wait
        self._apis: dict[str, EdFiApi] = {}

    @property
    def every(self) -> tuple[EdFiSystem, ...]:
        """All of the operator's file."""
        return self._systems.systems

    def of(self, name: str, organisation_id: UUID) -> EdFiApi:
        """The system of an organisation. Raises NoSuchEdFiSystem, alike for one that is another's and one that is none."""
        system = self._systems.named(name, organisation_id=organisation_id)
        if name not in self._apis:
            self._apis[name] = EdFiApi(system, self._session, clock=self._clock, wait=self._wait, patience=PATIENCE_SECONDS, tries=TRIES)
        return self._apis[name]
