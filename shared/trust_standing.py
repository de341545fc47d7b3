"""How the trust list of one service stands, as it is told: what is held, and what was shown and not taken."""

from datetime import UTC, datetime

from safepassage.trust_list import read_trust_list
from safepassage.wire_peers import HeldTrustList, TrustListStanding
from shared.trust import Trust


def trust_list_standing(trust: Trust) -> TrustListStanding:
    """Of this process of this service: each verifies the list by itself."""
    refused, verified, accepted_at = trust.refused, trust.verified, trust.accepted_at
    held = None
    if verified is not None and accepted_at is not None:
        content = verified.content
        signed_by = read_trust_list(verified.document, development=trust.is_in_development).signed_by(content.roots)
        held = HeldTrustList(
            network=content.network,
            serial=content.serial,
            digest=verified.digest,
            issued_at=datetime.fromtimestamp(content.issued_at, UTC),
            expires_at=datetime.fromtimestamp(content.expires_at, UTC),
            accepted_at=accepted_at,
            roots=len(content.roots),
            threshold=content.threshold,
            signatures=len(signed_by),
        )
    return TrustListStanding(
        held=held, refused=None if refused is None else refused.code, shown_serial=None if refused is None else refused.serial
    )
