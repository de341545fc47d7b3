"""How a node that was away gets from the trust list that it holds to the newest: by the lists between, each named by the one after it."""

from collections.abc import Iterable
from typing import Final

from safepassage.problems import SuiteError
from safepassage.trust_list import TrustListDocument, VerifiedTrustList, read_trust_list
from safepassage.wire import Digest

LISTS_PATH: Final = "/v1/trust-lists"
"""Where a node takes a newer list from whoever brings it."""
PEER_LISTS_PATH: Final = "/v1/peer/trust-lists"
"""Where a node that cannot be called fetches those after the one that it holds."""


def steps_to(newest: bytes, *, held: VerifiedTrustList, others: Iterable[bytes], development: bool = False) -> tuple[bytes, ...]:
    """The lists after `held` up to `newest`, oldest first, as far as `others` has them. `verify_next_trust_lists` says whether they hold.

    others       lists of before, in any order; what is none is passed over
    development  members may be reached by http on the loopback

    Raises TrustListMalformed, UnsupportedVersion for `newest`.
    """
    steps = [read_trust_list(newest, development=development)]
    known: dict[Digest | None, TrustListDocument] = {}
    for document in others:
        try:
            read = read_trust_list(document, development=development)
        except SuiteError:
            continue
        known[read.digest] = read
    while (before := steps[-1].content.previous_digest) != held.digest and before in known:
        steps.append(known.pop(before))
    return tuple(step.document for step in reversed(steps))
