"""What the log tells of one exchange: to the other node what passed between both, to own auditors what they may see; looks are logged."""

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from safepassage.chain_part import ChainPart, Proven, proven_links, read_checkpoints, require_continued
from safepassage.checkpoints import Checkpoint, parse_checkpoint
from safepassage.ids import uuid7
from safepassage.notes import parse_note
from safepassage.wire_log import EntrySearch, FoundEntries
from services.audit.chain_inside import SHOWN
from services.audit.heads import LogDamaged
from services.audit.tables import SealedRow
from shared.contracts.audit import Actor, Context, Event
from shared.contracts.chains import ChainEntries, ChainEntriesRequest, NamedEvent
from shared.in_process import Answer
from shared.internal_token import HEADER, CallerClaims, Principal
from tests.audit.audit_node import ELM, ENTITY, OAK, STATE, AuditNode, disclosure, event, give_organisations, running
from tests.audit.retention.officials import SCHOOL_YEAR, THEN, approved, carried_out, years_later
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

BIRCH, CEDAR = "https://birch.example", "https://cedar.example"


def on_behalf_of(
    node: AuditNode, kind: str, organisation: UUID = STATE, *, scopes: tuple[str, ...] = ("audit:search",), **details: str
) -> dict[str, str]:
    """records' token for a caller that the gateway has proven to it."""
    claims = CallerClaims.model_validate(
        {
            "client_id": details.get("entity_id", "auditor"),
            "organisation_id": organisation,
            "organisation_kind": kind,
            "role": "auditor",
            "scopes": scopes,
            "details": details,
        }
    )
    inner = node._tokens("gateway").for_caller("records", claims, node.clock())
    principal = Principal(service="gateway", caller=claims, job=None, gateway_token=inner)
    return {HEADER: node._tokens("records").for_principal("audit", principal, node.clock())}


def auditor(node: AuditNode) -> dict[str, str]:
    return on_behalf_of(node, "sea", purpose="audit-evaluation")


def peer(node: AuditNode, entity_id: str = BIRCH) -> dict[str, str]:
    return on_behalf_of(node, "peer", uuid4(), scopes=("exchange:peer",), entity_id=entity_id)


class Exchange:
    """An exchange with Birch, as Alder logs it."""

    def __init__(self, node: AuditNode, student: UUID, *, custodian: UUID = OAK, of: str = BIRCH) -> None:
        self.id, self.of = uuid7(node.clock()), of
        self.asked = self._by_peer("request", "exchange-request", purpose="enrollment", basis="transfer")
        base = disclosure(node, student, custodian=custodian)
        decision, token = node.decision(student, recipient=f"{of}#school-7", elements=("identity.name",), exchange_id=self.id)
        about = {"exchange_id": self.id, "recipient_node": of, "recipient_organisation": f"{of}#school-7", "decision_id": decision.jti}
        self.disclosed = base.model_copy(update={"context": base.context.model_copy(update=about), "decision_token": token})
        self.recorded = self._by_peer("receipt", "exchange-receipt", peer_index=7, outcome="received").model_copy(
            update={"subjects": (student,), "custodians": (custodian,)}
        )
        self.denied = event("decision", student=student, custodian=custodian, exchange_id=self.id, outcome="deny", operation="redisclose")

    def _by_peer(self, class_: str, operation: str, **context: Any) -> Event:
        about = {"operation": operation, "exchange_id": self.id, "recipient_node": self.of, **context}
        return Event(class_=class_, key=f"{self.id}:{operation}", actor=Actor(kind="peer", client_id=self.of), context=Context(**about))

    @property
    def named(self) -> tuple[NamedEvent, ...]:
        return (
            NamedEvent(act="request-received", key=self.asked.key),
            NamedEvent(act="disclosed", envelope_id=uuid4(), key=self.disclosed.key),
            NamedEvent(act="receipt-recorded", envelope_id=uuid4(), key=self.recorded.key),
        )

    async def log(self, node: AuditNode) -> None:
        await node.append(self.asked, self.disclosed, self.recorded)
        await node.append(self.denied, service="privacy")


async def ask(node: AuditNode, headers: dict[str, str], one: Exchange, **changes: Any) -> Answer:
    body = ChainEntriesRequest(**{"exchange_id": one.id, "peer": one.of, "events": one.named, **changes})
    return await node.send("POST", "/internal/exchange-entries", headers, body.model_dump(mode="json", exclude_none=True))


async def found(node: AuditNode, headers: dict[str, str], one: Exchange, **changes: Any) -> ChainEntries:
    answer = await ask(node, headers, one, **changes)
    assert answer.status == 200, answer.body
    return ChainEntries.model_validate_json(answer.body)


def code_of(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["code"]


def proven(entries: ChainEntries) -> tuple[tuple[Proven, ...], tuple[Checkpoint, ...]]:
    """The entries, each shown to be in the log under the answer's checkpoints."""
    members = {"iss": ENTITY, "aud": ENTITY, "exchange_id": uuid4(), "iat": 1, **entries.model_dump(include={"checkpoints", "links"})}
    part = ChainPart.model_validate(members)
    checkpoints = read_checkpoints(part)
    return proven_links(part, checkpoints), checkpoints


async def searches(node: AuditNode, one: Exchange) -> list[dict[str, Any]]:
    """What the log has of looks at the exchange, the oldest first."""
    headers = node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")
    body = EntrySearch(classes=("search",), exchange_ids=(one.id,)).model_dump(mode="json")
    answer = await node.send("POST", "/v1/log/searches", headers, body)
    entries = FoundEntries.model_validate_json(answer.body).entries
    return [{**(entry.context or {}), "by": (entry.actor or {})["client_id"]} for entry in reversed(entries)]


@pytest.mark.requirement("LOG-CHAIN")
async def test_the_other_node_is_shown_proofs_and_only_what_it_knows_anyhow(node: AuditNode) -> None:
    one = Exchange(node, uuid4())
    await one.log(node)
    entries = await found(node, peer(node), one)
    links, _ = proven(entries)
    assert [(link.act, link.index) for link in links] == [("request-received", 0), ("disclosed", 1), ("receipt-recorded", 2)]
    assert [link.context is not None for link in links] == [True, False, True]
    assert entries.inside == ()
    for hidden in (one.disclosed.context.decision_id, one.disclosed.subjects[0], OAK, "identity.name"):
        assert str(hidden) not in entries.model_dump_json()


async def test_of_another_nodes_exchange_nothing_is_told(node: AuditNode) -> None:
    one, others = Exchange(node, uuid4()), Exchange(node, uuid4(), of=CEDAR)
    await one.log(node)
    await others.log(node)
    assert code_of(await ask(node, peer(node, CEDAR), one)) == (403, "not-permitted")
    assert code_of(await ask(node, peer(node, CEDAR), one, peer=CEDAR, events=())) == (404, "no-such-chain")
    # not even where records names entries of one exchange as those of another
    entries = await found(node, peer(node), one, events=others.named)
    assert entries.links == ()


async def test_an_auditor_sees_what_happened_inside_too_with_the_load_that_gave_the_record(node: AuditNode) -> None:
    await give_organisations(node)
    student = uuid4()
    one = Exchange(node, student)
    page = Event(
        class_="load",
        key="load:1",
        subjects=(uuid4(), student),
        custodians=(ELM, OAK),
        actor=Actor(kind="client", client_id="sis", organisation_id=OAK),
        context=Context(operation="load", outcome="oneroster", count=2),
    )
    await node.append(event("load", student=student), page, event("load", student=uuid4()))
    await one.log(node)
    entries = await found(node, auditor(node), one)
    assert [entry.class_ for entry in entries.inside] == ["load", "request", "disclosure", "receipt", "decision"]
    given, disclosed = entries.inside[0], entries.inside[2]
    assert (given.index, [part.payload["student"] for part in given.subjects]) == (1, [str(student)])
    assert disclosed.context is not None
    assert disclosed.context.payload["decision_id"] == str(one.disclosed.context.decision_id)
    assert [link.context is not None for link in entries.links] == [True, False, True]  # as the other node is shown them
    assert (entries.inside_left_out, entries.not_looked_at) == (0, 0)


async def test_a_district_sees_the_chains_of_its_own_students_alone(node: AuditNode) -> None:
    await give_organisations(node)
    one = Exchange(node, uuid4(), custodian=OAK)
    await one.log(node)
    own = await found(node, on_behalf_of(node, "lea", OAK), one)
    assert [entry.class_ for entry in own.inside] == ["disclosure", "receipt", "decision"]
    assert len(own.links) == 3
    assert code_of(await ask(node, on_behalf_of(node, "lea", ELM), one)) == (404, "no-such-chain")
    for kind in ("vendor", "agency"):
        assert code_of(await ask(node, on_behalf_of(node, kind, ELM), one)) == (403, "not-permitted")
    assert code_of(await ask(node, on_behalf_of(node, "sea"), one)) == (403, "purpose-missing")
    assert code_of(await ask(node, on_behalf_of(node, "lea", OAK, scopes=("audit:operate",)), one)) == (403, "not-permitted")
    assert code_of(await ask(node, node.as_job("records"), one)) == (403, "not-permitted")
    assert code_of(await ask(node, node.as_caller("audit:search"), one)) == (403, "not-permitted")


async def test_nothing_is_opened_of_an_exchange_of_which_the_caller_may_see_nothing(node: AuditNode) -> None:
    """Shown by what cannot be opened: whoever may see it meets the damage, and for anybody else there is nothing."""
    await give_organisations(node)
    one = Exchange(node, uuid4(), custodian=OAK)
    await one.log(node)
    await node.app.state.projector.catch_up()
    async with node.database.transaction() as tx:
        await tx.execute(update(SealedRow).where(SealedRow.idx < node.sequencer.size).values(groups=b"\0" * 64))
    elms = on_behalf_of(node, "lea", ELM)
    assert code_of(await ask(node, elms, one)) == (404, "no-such-chain")
    assert code_of(await ask(node, elms, Exchange(node, uuid4()), events=())) == (404, "no-such-chain")
    assert (await ask(node, on_behalf_of(node, "lea", OAK), one)).status == 500


async def test_every_look_is_in_the_log_found_or_not(node: AuditNode) -> None:
    await give_organisations(node)
    one = Exchange(node, uuid4())
    await one.log(node)
    await found(node, auditor(node), one)
    await ask(node, on_behalf_of(node, "lea", ELM), one)
    await found(node, peer(node), one)
    looks = [(look["operation"], look["outcome"], look["by"], look.get("recipient_node")) for look in await searches(node, one)]
    assert looks == [
        ("exchange-chain", "answered", "auditor", None),
        ("exchange-chain", "not-found", "auditor", None),
        ("exchange-chain", "answered", BIRCH, BIRCH),
    ]
    size = node.sequencer.size
    await node.sequencer.freeze(LogDamaged("test"))
    assert code_of(await ask(node, auditor(node), one)) == (503, "log-frozen")
    assert node.sequencer.size == size


async def test_the_answer_continues_the_checkpoints_of_the_messages(node: AuditNode) -> None:
    one = Exchange(node, uuid4())
    first = (await node.append(one.asked)).entries[0]
    assert first.checkpoint is not None
    await node.append(one.disclosed, one.recorded)
    earlier = parse_checkpoint(parse_note(first.checkpoint).text)
    entries = await found(node, peer(node), one, sizes=({"origin": earlier.origin, "size": earlier.size},))
    _, checkpoints = proven(entries)
    members = {"iss": ENTITY, "aud": ENTITY, "exchange_id": one.id, "iat": 1}
    part = ChainPart(**members, **entries.model_dump(include={"checkpoints", "links", "continues"}, by_alias=True))
    require_continued(part, checkpoints, earlier)


async def test_many_reads_are_told_as_the_newest_and_how_many_more(node: AuditNode) -> None:
    student = uuid4()
    one = Exchange(node, student)
    await one.log(node)
    await node.append(
        *[event("read", student=student, exchange_id=one.id) for _ in range(SHOWN + 5)], headers=node.on_behalf_of("lea", OAK)
    )
    entries = await found(node, auditor(node), one)
    assert (len(entries.inside), entries.inside_left_out) == (SHOWN, 9)
    assert {entry.class_ for entry in entries.inside} == {"read"}


async def test_entries_that_were_destroyed_are_proven_without_their_content(store_url: str, node_keys: Path, tmp_path: Path) -> None:
    own_keys = Path(shutil.copytree(node_keys, tmp_path / "own-keys"))  # destroying rotates one of them
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, own_keys, clock, rotates_key_encryption_key=True) as node:
        one = Exchange(node, student)
        await one.log(node)
        await years_later(node, clock)
        destruction = await carried_out(node, await approved(node, student, school_years=[SCHOOL_YEAR]), clock)
        assert destruction.state == "done"
        for headers in (peer(node), auditor(node)):
            entries = await found(node, headers, one)
            links, _ = proven(entries)
            assert [(link.act, link.context is not None, link.destroyed_at is not None) for link in links] == [
                ("request-received", True, False),
                ("disclosed", False, True),
                ("receipt-recorded", False, True),
            ]
            assert str(student) not in entries.model_dump_json()
