"""Making a trust list: a network's root keys, a member's part, the signed list. Whoever holds the roots does this away from any server."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from node.folder import NodeFile
from node.log_keys import published
from node.statement_keys import statement_keys
from node.trust_proposals import LASTS
from safepassage.public_keys import PublicJwk
from safepassage.trust_list import TrustList, VerifiedTrustList, root_signing_input, trust_list_document
from safepassage.trust_members import MOST_LOGS, Endpoints, Member
from services.audit.witnessing.keys import WitnessKeys
from shared.keys import SigningKey


def member_of(node: NodeFile, keys: Path, *, today: date) -> Member:
    """The node as a member of the list: where it is reached, the key of its statements, its logs, its witness.

    INVARIANT: a log stays named when its year is over. What was logged in December is still under way in January, and what was said of a
    record years ago is verified as long as the record goes on.
    """
    host = node.entity_id.partition("://")[2]
    witness = WitnessKeys.of(keys / "audit", host)
    return Member(
        entity_id=node.entity_id,
        organisation=node.name,
        state=node.state,
        endpoints=Endpoints(gateway=node.entity_id),
        statement_keys=tuple(public_jwk_of(key) for key in statement_keys(keys / "operator")),
        logs=tuple(published(keys / "audit", f"{host}/log/{year}", today=today) for year in years_of_logs(node, today)),
        witness_keys=() if witness is None else tuple(key.vkey for key in witness.verifiers),
    )


def years_of_logs(node: NodeFile, today: date) -> range:
    """Of which a list names the node's log: from its first to the one after this year's, as many as a list may name."""
    since = today.year - 1 if node.logs_since is None else node.logs_since
    return range(max(since, today.year + 2 - MOST_LOGS), today.year + 2)


def signed_list(
    *,
    network: str,
    roots: Sequence[SigningKey],
    threshold: int,
    members: Sequence[Member],
    previous: VerifiedTrustList | None,
    now: datetime,
) -> bytes:
    """The list after `previous` (or the first), signed by `roots`. One serial more, with the digest of the one before."""
    issued_at = int(now.timestamp())
    content = TrustList(
        network=network,
        serial=1 if previous is None else previous.content.serial + 1,
        issued_at=issued_at,
        expires_at=issued_at + int(LASTS.total_seconds()),
        previous_digest=None if previous is None else previous.digest,
        threshold=threshold,
        roots=tuple(public_jwk_of(root) for root in roots),
        members=tuple(members),
    )
    payload = content.payload()
    return trust_list_document(payload, signatures={root.kid: root.sign(root_signing_input(payload, kid=root.kid)) for root in roots})


def public_jwk_of(key: SigningKey) -> PublicJwk:
    """The key as it is published."""
    return PublicJwk.model_validate(key.jwk)
