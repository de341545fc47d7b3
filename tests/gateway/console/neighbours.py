"""Other states' nodes as a console's node knows them: members with keys of their own, their statements, compared days, cosignatures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from node.witnesses import policy_of
from safepassage.canonical import digest_of
from safepassage.cosignatures import Cosignature
from safepassage.ids import uuid7
from safepassage.node_statement import NodeStatement
from safepassage.public_keys import PublicJwk
from safepassage.reconciliation import COUNTERPART, StreamCount
from safepassage.suites import MLKEM768_X25519
from safepassage.tlog_policy import parse_policy
from safepassage.tlog_witness import origin_digest
from safepassage.trust_members import Endpoints, Member
from safepassage.wire_reconciliations import DayReconciled
from services.audit.driver import Driver
from services.audit.tables import WitnessedLogRow
from services.audit.witnessing.cosignatures import keep
from services.records.exchange.epochs import EpochKeys
from services.records.exchange.statement import statement_payload
from services.records.tables import NodeStatementRow, PeerLogRow, ReconciliationRow
from shared.keys import SigningKey
from tests.audit.peer_log import PeerLog
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.exchanged import signed
from tests.sdk.cosigners import Cosigner


@dataclass
class Neighbour:
    """Another state's node."""

    entity_id: str
    state: str
    organisation: str = "Department of Education"
    status: Any = "active"
    delivery: Any = "push"
    key: SigningKey = field(default_factory=SigningKey.generate)
    log: PeerLog = field(init=False)
    witness: Cosigner = field(init=False)

    def __post_init__(self) -> None:
        host = self.entity_id.partition("//")[2]
        self.log = PeerLog(f"{host}/log/2026")
        self.witness = Cosigner(f"{host}/witness", digest_of(host.encode()).encode()[:32])

    def member(self) -> Member:
        """As the trust list has it."""
        return Member(
            entity_id=self.entity_id,
            organisation=self.organisation,
            state=self.state,
            status=self.status,
            endpoints=Endpoints(gateway=self.entity_id),
            statement_keys=(PublicJwk.model_validate(self.key.jwk),),
            logs=(self.log.as_log(),),
            witness_keys=(self.witness.key.vkey,),
            delivery=self.delivery,
        )

    def statement(self, folder: Path, now: datetime, *, suites: Sequence[str] = (MLKEM768_X25519.name,)) -> NodeStatementRow:
        """Its statement as this node holds it, with keys of this week and the next."""
        keys = EpochKeys(folder, folder=folder / self.state)
        keys.prepare(now)
        signing = PublicJwk.model_validate(SigningKey.generate().jwk)
        said = statement_payload(
            entity_id=self.entity_id,
            serial=7,
            exchange_signing=[signing],
            suites=suites,
            client_authentication=[SigningKey.generate().public],
            encryption=keys.published(now),
            organisation_id=None,
            now=now,
        )
        token = self.key.sign_compact(typ=NodeStatement.TYPE, payload=said.claims())
        return NodeStatementRow(entity_id=self.entity_id, serial=7, token=token, fetched_at=now)

    def seen_log(self, size: int, at: datetime) -> PeerLogRow:
        """The largest checkpoint of its log that this node has verified."""
        return PeerLogRow(origin=self.log.origin, node=self.entity_id, size=size, root=digest_of(b"root"), note="note", seen_at=at)


FIR = Neighbour("https://fir.example", "WA", f"Washington Office of Superintendent of Public Instruction {HOSTILE}")
"""One of whom everything is known."""


def compared_day(
    peer: str,
    day: datetime,
    state: str = "agreed",
    *,
    ours: Mapping[str, int] | None = None,
    theirs: Mapping[str, int] | None = None,
    findings: Sequence[tuple[str, int]] = (),
) -> ReconciliationRow:
    """A day with a peer. `ours`, `theirs`: by our stream, how many were filed; the other counts it as the counterpart."""
    told = [{"kind": kind, "count": count, "ids": [uuid7(day)]} for kind, count in findings]
    on = day.date().isoformat()
    found = DayReconciled.model_validate({"peer": peer, "day": on, "state": state, "compared_at": day, "findings": told})
    return ReconciliationRow(
        day=on,
        peer=peer,
        state=state,
        attempts=0,
        compared_at=None if state == "due" else day + timedelta(hours=26),
        problem_code="peer-unavailable" if state == "due" else None,
        ours=None if ours is None else _counts(ours),
        theirs=None if theirs is None else _counts({COUNTERPART[stream]: count for stream, count in theirs.items()}),  # type: ignore[index]
        findings=found.model_dump_json(),
    )


def _counts(filed: Mapping[str, int]) -> str:
    counted = {stream: filed.get(stream, 0) for stream in COUNTERPART}
    counts = {stream: StreamCount(applied=count, ids=digest_of(str(count).encode())) for stream, count in counted.items()}
    said = {stream.replace("-", "_"): count.model_dump(mode="json") for stream, count in counts.items()}
    return signed("sp-reconciliation+jws", v=1, iss="https://a.example", aud="https://b.example", day="2026-01-01", iat=0, **said)


async def witnessing(console: Console, *neighbours: Neighbour, at: datetime, sizes: Mapping[str, int] = {}) -> None:
    """They are this node's witnesses, one of whom is a quorum. `sizes`: by state, of our log, what each has cosigned."""
    state = console.node.applications["audit"].state
    members = [one.member() for one in neighbours]
    # as if the node had been started with this policy; nobody is called, since what calls is made at the start
    state.publisher.policy = parse_policy(policy_of(members, own_entity_id=console.house.settings.entity_id, at_least=1).encode())
    year, seconds = console.house.now.year, int(at.timestamp())
    for one in neighbours:
        if one.state in sizes:
            line = one.witness.line(_checkpoint(console, sizes[one.state]), seconds)
            said = Cosignature(one.witness.key, seconds, line)
            await state.database.write(lambda connection, said=said, size=sizes[one.state]: keep(Driver(connection), year, size, (said,)))


def _checkpoint(console: Console, size: int) -> bytes:
    return f"{console.house.settings.entity_id.partition('//')[2]}/log/2026\n{size}\n{'A' * 43}=\n".encode()


async def witnessed(console: Console, one: Neighbour, size: int, at: datetime) -> None:
    """This node has cosigned so much of its log."""
    row = WitnessedLogRow(
        origin_digest=origin_digest(one.log.origin), origin=one.log.origin, size=size, root=b"r" * 32, t=int(at.timestamp()), note="note"
    )
    async with console.node.applications["audit"].state.database.transaction() as tx:
        tx.add(row)
