"""What a person does about what another node answered, or what ours refused of it. A problem's own remedy is for the program that calls."""

from collections.abc import Callable, Mapping
from typing import Final

from safepassage.problems import REGISTRY
from services.gateway.console.exchange_words import LETTER_REMEDIES
from services.gateway.console.problem_words import SHOWN, remedy_of
from services.gateway.console.words import word

BY_ITSELF: Final = word("It is tried again by itself, until its time is over. If it stays so, call the other agency.")
ASK_ANEW: Final = word("This exchange is over. If the record is still needed, have it asked for anew.")
WHAT_IS_ASKED: Final = word("The other state does not answer this as it was asked. Correct what was asked for, and have it asked for anew.")
KEYS: Final = word(
    "The keys of the two nodes do not fit. Their operators compare the trust list and the statements of keys; then send it again."
)
CLOCKS: Final = word("The clocks of the two nodes differ by more than five minutes. Their operators set them; then send it again.")
LOGS: Final = word(
    "What was sent does not fit to the log of its sender. Keep everything as it is, and let the operators of both nodes look at it."
)
MESSAGES: Final = word(
    "One node made a message that the other cannot take. Tell the operators of both nodes which problem it is, and when."
)
TOO_LARGE: Final = word(
    "Call the agency that receives: its operators say how large a package may be. Or have the record asked for without attachments."
)
SCANNER: Final = word("Call the agency that receives: its operators set up a scanner of documents. Then send it again.")
MEMBERS: Final = word("Ask the network’s registry how that node stands, and see that both nodes have the newest trust list.")
WITNESSING: Final = word("Let the operators of both nodes compare which logs and keys the trust list names for witnessing.")
RULES: Final = word("Nothing shows that it was decided and logged first. Let the operators of the node that sent it look at it.")


def _each(remedy: str, codes: str) -> dict[str, str]:
    return dict.fromkeys(codes.split(), remedy)


PEER_REMEDIES: Final[Mapping[str, str]] = {
    **_each(
        BY_ITSELF,
        "answer-too-late being-stored consistency-wanted no-room-for-body not-processed-yet not-received peer-unavailable "
        "temporarily-unavailable too-many-requests",
    ),
    **_each(ASK_ANEW, "answer-withdrawn exchange-closed message-expired too-many-endings"),
    **_each(WHAT_IS_ASKED, "evidence-not-accepted purpose-not-served unknown-section"),
    **_each(KEYS, "bad-signature ciphertext-unopened encryption-key-unknown suite-not-supported unknown-key wrong-audience wrong-issuer"),
    **_each(CLOCKS, "message-not-yet-valid"),
    **_each(
        LOGS,
        "chain-not-proven checkpoint-by-retired-key checkpoint-not-consistent checkpoint-not-signed checkpoint-refused-by-witness "
        "checkpoint-signature-invalid consistency-not-proven consistency-not-shown foreign-log inclusion-not-proven index-beyond-log "
        "leaf-of-another-exchange wrong-leaf wrong-path-length",
    ),
    **_each(
        MESSAGES,
        "batch-malformed body-incomplete body-not-announced chunk-refused counts-of-another-day ending-of-another-exchange "
        "envelope-malformed invalid-request leaf-malformed malformed-token message-id-reused no-such-chain no-such-envelope note-malformed "
        "notice-differs notice-not-yours other-ciphertext other-exchange other-recipient padding-malformed plaintext-not-committed "
        "receipt-of-another-envelope sealed-ids-differ unexpected-type unsupported-media-type unsupported-version",
    ),
    **_each(TOO_LARGE, "body-too-large body-too-large-here"),
    **_each(SCANNER, "scanner-not-configured"),
    **_each(MEMBERS, "not-a-member not-permitted"),
    **_each(WITNESSING, "no-such-log origin-not-witnessed witness-request-malformed"),
    **_each(RULES, "decision-missing without-proof"),
}
"""By code: every problem that a peer's operation may answer with; a test reads them out of their documents."""


def peer_remedy(code: str, translate: Callable[[str], str]) -> str | None:
    """What to do; None for what has no words of ours."""
    if code in LETTER_REMEDIES:
        return translate(LETTER_REMEDIES[code])
    if code in PEER_REMEDIES:
        return translate(PEER_REMEDIES[code])
    return translate(remedy_of(REGISTRY[code])) if code in SHOWN else None
