"""Officials of the state agency, and a draft that they may take through its life."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from safepassage.wire_policy_sets import PolicyActivation, PolicyReplay, PolicySetDocument, PolicyTests, PolicyValidation
from services.privacy.policy_replays import Replays
from shared.in_process import Answer
from tests.privacy.node import Client
from tests.privacy.policy.rule_texts import ANNOTATIONS
from tests.privacy.world import World

Model = TypeVar("Model", bound=BaseModel)

SCOPES = ("policies:draft", "policies:approve", "policies:activate", "policies:simulate")
DISCLOSING = 'action in [SafePassage::Action::"disclose", SafePassage::Action::"redisclose"]'
AUTHOR, FIRST, SECOND = "o-author", "o-first", "o-second"


def forbid(
    identifier: str = "xa-transcripts-stay", *, element: str = "academics.transcript", state: str = "XA", effect: str = "forbid"
) -> str:
    """A rule of Alder's own: an element of its students does not leave."""
    annotations = {**ANNOTATIONS, "authority": "institution", "conditions": "kept-at-home: local policy 7", "citation": "local policy 7"}
    lines = [f'@{name}("{value}")' for name, value in {"id": identifier, **annotations}.items()]
    when = f'when {{ context.student.jurisdiction in SafePassage::Jurisdiction::"US-{state}" }};'
    return "\n".join([*lines, f'{effect} (principal, {DISCLOSING}, resource == SafePassage::DataElement::"{element}")', when])


@dataclass
class Officials:
    """The state agency's client, through which its officials act."""

    world: World
    client: Client

    @classmethod
    def of(cls, world: World) -> "Officials":
        return cls(world, world.node.client(world.sea, *SCOPES, client_id="policy-desk"))

    def acting(self, official: str, **more: Any) -> dict[str, Any]:
        """The official in a request's body."""
        at = self.world.node.clock() - timedelta(minutes=5)
        return {"acting_official": {"pairwise_id": official, "role": "privacy-officer", "authenticated_at": at.isoformat()}} | more

    @property
    def active(self) -> str:
        """The hash of the release's own set."""
        found: str = self.world.node.app.state.policy_sets.built_in.policy_hash
        return found

    def draft_body(self, *texts: str, name: str = "us-xa.forbids", by: str = AUTHOR, **more: Any) -> dict[str, Any]:
        """The release's set with a pack more."""
        packs = [{"name": name, "text": "\n".join(texts)}] if texts else []
        return self.acting(by, title="Rules of Alder", based_on=self.active, packs=packs, **more)

    async def draft(self, *texts: str, **more: Any) -> PolicySetDocument:
        """A draft, with one rule of Alder's own unless it is told otherwise."""
        return await self.said(PolicySetDocument, "/v1/policy-sets", self.draft_body(*(texts or (forbid(),)), **more), 201)

    async def draft_without(self, pack: str) -> PolicySetDocument:
        """The release's set with a pack less."""
        return await self.said(PolicySetDocument, "/v1/policy-sets", self.draft_body(without=[pack]), 201)

    async def validate(self, policy_hash: str) -> PolicyValidation:
        return await self.said(PolicyValidation, f"/v1/policy-sets/{policy_hash}/validation", self.acting(AUTHOR))

    async def test(self, policy_hash: str, **more: Any) -> PolicyTests:
        return await self.said(PolicyTests, f"/v1/policy-sets/{policy_hash}/tests", self.acting(AUTHOR, **more))

    async def replay(self, policy_hash: str) -> PolicyReplay:
        """Of the last day; ended when it is given."""
        until = self.world.node.clock()
        body = self.acting(AUTHOR, **{"from": (until - timedelta(days=1)).isoformat(), "until": until.isoformat()})
        asked = await self.said(PolicyReplay, f"/v1/policy-sets/{policy_hash}/replays", body, 202)
        replays: Replays = self.world.node.app.state.replays
        await replays.drain()
        answer = await self.client.get(f"/v1/policy-sets/{policy_hash}/replays/{asked.id}")
        return PolicyReplay.model_validate_json(answer.body)

    async def approve(self, policy_hash: str, official: str, *acknowledges: str) -> Answer:
        return await self.client.post(f"/v1/policy-sets/{policy_hash}/approvals", self.acting(official, acknowledges=acknowledges))

    async def activate(self, policy_hash: str, *, replaces: str, at: datetime | None = None, reason: str = "law-changed") -> Answer:
        more = {} if at is None else {"valid_from": at.isoformat()}
        body = self.acting("o-chief", replaces=replaces, reason=reason, **more)
        return await self.client.post(f"/v1/policy-sets/{policy_hash}/activation", body)

    async def read(self, policy_hash: str) -> PolicySetDocument:
        return PolicySetDocument.model_validate_json((await self.client.get(f"/v1/policy-sets/{policy_hash}")).body)

    async def ready(self, *texts: str, acknowledges: tuple[str, ...] = (), **more: Any) -> PolicySetDocument:
        """A draft that went through every step and has its two approvals."""
        drafted = await self.draft(*texts, **more)
        assert (await self.validate(drafted.policy_hash)).passed
        assert (await self.test(drafted.policy_hash)).passed
        assert (await self.replay(drafted.policy_hash)).state == "done"
        await self.approved(drafted.policy_hash, *acknowledges)
        return drafted

    async def approved(self, policy_hash: str, *acknowledges: str) -> None:
        """Two approvals for the next activation."""
        for official in (FIRST, SECOND):
            self.world.node.clock.advance(seconds=1)
            answer = await self.approve(policy_hash, official, *acknowledges)
            assert answer.status == 201, answer.body

    async def active_from(self, policy_hash: str, *, replaces: str, at: datetime | None = None) -> PolicyActivation:
        """An activation that was taken."""
        answer = await self.activate(policy_hash, replaces=replaces, at=at)
        assert answer.status == 201, answer.body
        return PolicyActivation.model_validate_json(answer.body)

    async def said(self, model: type[Model], path: str, body: dict[str, Any], status: int = 200) -> Model:
        answer = await self.client.post(path, body)
        assert answer.status == status, answer.body
        return model.model_validate_json(answer.body)
