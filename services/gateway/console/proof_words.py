"""What the check of a proof in the browser says. Data: the script has codes alone, and finds its words in the page."""

from collections.abc import Mapping
from typing import Final

from services.gateway.console.words import word

REASONS: Final[Mapping[str, str]] = {
    "another-entry": word("The proof is of another entry."),
    "cosignature-invalid": word("The signature of a witness is not its own."),
    "entry-malformed": word("The bytes of the entry are not an entry of this log."),
    "foreign-log": word("The checkpoint is of another log."),
    "hash-length": word("A hash is not 32 bytes long."),
    "history-differs": word(
        "Two histories of this log were shown: one of them was changed afterwards. Keep both checkpoints, and tell the agency’s counsel."
    ),
    "index-beyond-log": word("The entry lies beyond the end of the log that was signed."),
    "key-ambiguous": word("Two keys have the same name and number."),
    "key-id-differs": word("A key does not have the number that it says."),
    "key-malformed": word("A key cannot be read."),
    "log-did-not-sign": word("The log did not sign this checkpoint."),
    "log-signature-not-checked-here": word("The log signed by a method that browsers do not have. Use the command."),
    "not-given": word("The server did not give what is needed to check this."),
    "note-malformed": word("The checkpoint cannot be read."),
    "number-out-of-range": word("A number is too large to be exact."),
    "opening-differs": word("What is shown of the entry is not what was sealed in it."),
    "path-too-long": word("The path to the top of the log has a hash too many."),
    "path-too-short": word("The path to the top of the log lacks a hash."),
    "policy-malformed": word("The policy of the witnesses cannot be read."),
    "proof-malformed": word("The proof cannot be read."),
    "root-differs": word("The entry does not lead to the top that was signed: it, or its place, was changed."),
    "signature-invalid": word("The signature of the log is not its own."),
    "sizes-not-ordered": word("The sizes of the two checkpoints do not fit."),
    "unexpected": word("This browser could not do it. Use the command."),
}
"""Why a proof is refused (static/*.js)."""

SAYS: Final[Mapping[str, str]] = {
    "verified": word("Unaltered. Every step agrees with what was signed."),
    "by-witnesses": word("Beside the log, these have signed the same history:"),
    "by-the-log-alone": word(
        "It was checked against the signature of the log alone: no witness has signed this checkpoint in a way that a browser can check."
    ),
    "not-verified": word("Not verified:"),
    "not-checked": word("not checked yet"),
    "not-reached": word("not reached"),
    "signed": word("the signature is right"),
    "not-checked-here": word("has signed by ML-DSA, which browsers cannot check; the command does"),
    "no-witness": word("no other node has signed this checkpoint"),
    "no-policy": word("no policy says how many would be enough"),
    "quorum-reached": word("These are as many as the policy of this log asks for."),
    "quorum-open": word(
        "As many as the policy of this log asks for, if the signatures that browsers cannot check are right: the command checks them."
    ),
    "quorum-missed": word("These are fewer than the policy of this log asks for."),
    "opened-actor": word("Who did it"),
    "opened-context": word("What was done and why"),
    "opened-subject": word("Whom it is about"),
    "agrees": word("is what was sealed then"),
    "nothing-opened": word("nothing of what is sealed is open to you"),
    "nothing-remembered": word("this browser remembers no earlier check; it does from now on"),
    "continues": word("is one history with entries up to"),
    "nothing-pasted": word("none was pasted"),
    "not-secure": word("This browser checks only over a secure connection (https). Use the command."),
}
"""Everything else that it says."""
