"""Witnesses of a node's log, and logs that the node witnesses; keys, sizes and times, nothing of anybody."""

from typing import Annotated

from pydantic import Field

from safepassage.trust_members import Vkey
from safepassage.wire import Code, Instant, Wire
from safepassage.wire_peers import TrustListStanding

Origin = Annotated[str, Field(max_length=300)]
Size = Annotated[int, Field(ge=0)]


class LogWitness(Wire):
    """One key of the node's witness policy."""

    vkey: Vkey
    url: Annotated[str, Field(max_length=2000)] | None = None
    """Where checkpoints are submitted."""
    size: Size = 0
    """The largest size of the newest log that it has cosigned; 0 for none."""
    cosigned_at: Instant | None = None
    """When it says that it gave its latest cosignature of that log."""


class WitnessedLog(Wire):
    """A log of another node, of which this node has cosigned a checkpoint."""

    origin: Origin
    size: Size
    """Of the largest one."""
    cosigned_at: Instant


class WitnessFinding(Wire):
    """Something that a witness, or a log that is witnessed, should never have said (docs/witnessing.md)."""

    kind: Code
    about: Annotated[str, Field(max_length=300)]
    """Origin of the log, or URL of the witness."""
    first_at: Instant
    last_at: Instant
    count: Annotated[int, Field(ge=1)]


class LogWitnesses(Wire):
    """`GET /v1/log/witnesses`."""

    log: Origin
    """The newest log of the node."""
    size: Size
    """Of its latest checkpoint."""
    has_policy: bool
    """Whether the node names witnesses at all."""
    witnessed_size: Size = 0
    """Of the largest checkpoint that a quorum of them has cosigned; 0 for none."""
    witnesses: tuple[LogWitness, ...] = ()
    is_witness: bool
    """Whether the node has keys to cosign with."""
    witnessed: tuple[WitnessedLog, ...] = ()
    findings: tuple[WitnessFinding, ...] = ()
    """The latest first."""
    trust_list: TrustListStanding
    """As the audit service holds it: whose logs it witnesses."""
