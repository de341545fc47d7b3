"""A process beside the service that reads, drafts and seals large requests for it: `python -m services.audit.preparing_process`.

It has no store, no settings and no key of its own, and no socket but the one to the service. Data keys come in for the entries of one
request and are not kept for another. It is trusted as the service is, which started it: neither more nor less.
"""

import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.compact import thumbprint
from safepassage.problems import SuiteError
from services.audit.batches import Sender, batch_of
from services.audit.drafts import Draft
from services.audit.entries import entries_of
from services.audit.index.ahead import postings_ahead
from services.audit.paired_sockets import OtherHasEnded, receive, send
from services.audit.preparing import Drafted, Judging, Request, RestAsked, SealedColumns, columns_of, drafted, prepared_steps, rest_of
from services.audit.sealed_ahead import SealingTerms
from shared.core_files import leave_no_core_file
from shared.garbage import COLLECTED_AFTER
from shared.problems import unexpected
from shared.telemetry import log_to_stderr

NICER_BY: Final = 10
"""What comes in large requests is bulk. Where there are fewer cores than there is work, the service has one first: it commits while these
prepare, and who has one entry appended does not wait for them."""


class Preparing:
    """Answers one question after the other."""

    def __init__(self, judging: Judging) -> None:
        keys = [Ed25519PublicKey.from_public_bytes(key) for key in judging.decision_keys]
        self._judging, self._keys = judging, {thumbprint(key): key for key in keys}
        self._drafts: list[Draft] = []

    def answer(self, question: Request | SealingTerms | RestAsked) -> Drafted | SealedColumns | Sequence[Sequence[Any]] | SuiteError:
        """Outlines for a request, or what it is refused with; for terms the entries of the last request, without any the rest of it."""
        try:
            match question:
                case Request():
                    return self._drafted(question)
                case SealingTerms():
                    return self._sealed(question)
                case RestAsked():
                    return rest_of(self._drafts)
        except SuiteError as refused:
            return refused
        except Exception as error:
            return unexpected(error, None)

    def _drafted(self, request: Request) -> Drafted:
        self._drafts = []
        issuer, _, digest_key = self._judging
        answer, self._drafts = drafted(batch_of(request.body, Sender(request.principal, request.now, issuer, self._keys, digest_key)))
        return answer

    def _sealed(self, terms: SealingTerms) -> SealedColumns:
        drafts, self._drafts = self._drafts, []
        origin, t, epoch, node_key, keys, posting = terms
        entries = entries_of(drafts, origin=origin, t=t, epoch=epoch, node_key=node_key, keys=keys)
        steps = prepared_steps([entry.outline for entry in entries])
        made = [postings_ahead(drafts[step.start : step.stop], t=t, epoch=epoch, keys=posting.keys) for step in steps]
        return columns_of(entries, made)


def main() -> None:
    """Answer until the service has ended, which ends this process too: signals to the group that both are in are its own affair."""
    leave_no_core_file()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    log_to_stderr()
    os.nice(NICER_BY)
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    with socket.socket(fileno=sys.stdin.fileno()) as end:
        try:
            preparing = Preparing(receive(end))
            while True:
                send(end, preparing.answer(receive(end)))
        except (OtherHasEnded, OSError):
            return


if __name__ == "__main__":
    main()
