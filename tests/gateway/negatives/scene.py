"""Who asks in the negatives, and the right requests that they are made from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.gateway.by_hand import Answer, Party, ask
from tests.gateway.house import ISSUER, House
from tests.gateway.negatives.asked import Asked, Sent
from tests.gateway.oauth.agreements import AGREEMENT, OAK, agreeing

ODS = "https://ods.alder.example/data/v3"
RESOURCE = "/v1/decisions/019a0000-0000-7000-8000-000000000000"
DETAILS = '[{"type": "student_data_access", "purpose": "assessment"}]'
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
NARROW = {
    "type": "student_data_access",
    "purpose": "assessment",
    "actions": ["read"],
    "datatypes": ["identity"],
    "legal_basis": "contractor",
    "agreement_id": AGREEMENT,
    "districts": [str(OAK)],
    "locations": [ISSUER],
    "expires": "2027-01-01",
}


@dataclass
class Scene:
    """A gateway with the clients that ask it, at a standing instant."""

    house: House
    machine: Party
    smart: Party
    server: Party
    """A resource server outside of the node."""
    actor: Party
    """A client that may exchange the machine's tokens."""

    @classmethod
    async def of(cls, house: House) -> "Scene":
        """Register them."""
        machine = await house.sea_party("decisions:read", "exchange:request", "records:read", purposes=("assessment", "instruction"))
        smart = await house.sea_party("decisions:read", registered={"assertion_audience": "token-url"})
        server = await house.sea_party("decisions:read", registered={"resource": ODS})
        exchanges = {"may_exchange": [machine.client_id]}
        actor = await house.sea_party("decisions:read", "exchange:request", purposes=("assessment", "instruction"), registered=exchanges)
        agreeing(house)
        return cls(house, machine, smart, server, actor)

    @property
    def now(self) -> datetime:
        """The standing clock's instant."""
        return self.house.now

    async def send(self, sent: Sent) -> Answer:
        """One request and its answer."""
        return await ask(self.house.app, sent.method, sent.target, headers=sent.fields, body=sent.body)

    async def right(self, given: str) -> Asked:
        """A new right request of a kind."""
        makers: dict[str, Callable[[], Any]] = {
            "revocation": self._revocation,
            "introspection": self._introspection,
            "call": self._call,
            "exchange": self._exchange,
        }
        if given in makers:
            asked: Asked = await makers[given]()
            return asked
        return token_request(self.smart if given == "token for a SMART client" else self.machine, self.now, given)

    async def _revocation(self) -> Asked:
        token = await self.house.token(self.machine)
        return Asked(self.machine, self.now, "/oauth/revoke", form={"token": token})

    async def _introspection(self) -> Asked:
        token = await self.house.token(self.machine, resource=ODS)
        return Asked(self.server, self.now, "/oauth/introspect", form={"token": token})

    async def _call(self) -> Asked:
        token = await self.house.token(self.machine, scope="decisions:read")
        issued = self.house.app.state.token_keys.current.active.sign_compact
        return Asked(self.machine, self.now, RESOURCE, method="GET", token=token, issued=issued)

    async def _exchange(self) -> Asked:
        token = await self.house.token(self.machine, scope="decisions:read records:read", authorization_details=json.dumps([NARROW]))
        form = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
        return Asked(self.actor, self.now, "/oauth/token", form=form, others={"stranger": self.server})


def token_request(party: Party, now: datetime, given: str) -> Asked:
    """A right request for a token, to whichever authorization server the party's issuer is."""
    asked = Asked(party, now, "/oauth/token", form={"grant_type": "client_credentials"})
    if given == "token for a SMART client":
        asked.assertion.claims.update(aud=f"{party.issuer}/oauth/token", exp=asked.seconds + 300)
    if given == "details":
        asked.parameters["authorization_details"] = DETAILS
    if given == "resource":
        asked.parameters["resource"] = ODS
    return asked
