"""Problems between a log and those who witness it: what a witness refuses, and what whoever counts cosignatures finds missing."""

from safepassage.problems.problem import SuiteError


class WitnessRequestMalformed(SuiteError):
    """Not the body of an add-checkpoint request (C2SP tlog-witness), or its old size is above the checkpoint's."""

    code, status, title = "witness-request-malformed", 400, "Request to the witness cannot be read"
    remedy = (
        "Send `old <size>`, a line for each hash of the consistency path, an empty line, then the signed checkpoint (C2SP tlog-witness)."
    )


class OriginNotWitnessed(SuiteError):
    """The witness does not know the log, or has never cosigned a checkpoint of it."""

    code, status, title = "origin-not-witnessed", 404, "Log is not witnessed here"
    remedy = "Have the log listed in the network's trust list, with its key; then submit a checkpoint of it."


class CheckpointRefusedByWitness(SuiteError):
    """No key of the log that the witness knows signed the checkpoint, or a signature that names one does not verify."""

    code, status, title = "checkpoint-refused-by-witness", 403, "Checkpoint is not signed by a known key of its log"
    remedy = "Submit the checkpoint as the log signed it, with a key that the trust list shows as active."


class CheckpointNotConsistent(SuiteError):
    """The checkpoint is not shown to continue the one that the witness cosigned last. If no path shows it, the log was rewritten."""

    code, status, title = "checkpoint-not-consistent", 422, "Checkpoint does not continue the one that was cosigned before"
    remedy = (
        "Send the consistency path from the old size to the checkpoint's; if there is none, the log is not what it was: raise an alarm."
    )


class CosignatureInvalid(SuiteError):
    """A signature that names a known key of a witness does not verify, or is not one of its type."""

    code, status, title = "cosignature-invalid", 422, "Cosignature of a witness does not verify"
    remedy = "Ask the witness again for the cosignature of this very checkpoint; compare its key with the one in your policy."


class QuorumNotReached(SuiteError):
    """Fewer witnesses cosigned the checkpoint than the policy wants."""

    code, status, title = "quorum-not-reached", 422, "Too few witnesses cosigned the checkpoint"
    remedy = "Fetch a checkpoint with more cosignatures from the log; if there is none, ask its operator which witnesses are down."


class NotWitnessedYet(SuiteError):
    """What was asked for is in the log and published, and no quorum of witnesses has cosigned a checkpoint that covers it yet."""

    code, status, title = "not-witnessed-yet", 503, "No quorum of witnesses has cosigned it yet"
    remedy = "Ask again after a while; or ask without witnesses. If it stays so, the node's operator asks `safepassage-node doctor` why."
    retry = "after"


class NoWitnessesNamed(SuiteError):
    """The node has no policy that names witnesses, so nothing is ever witnessed."""

    code, status, title = "no-witnesses-named", 409, "Node has no witnesses"
    remedy = "Ask without witnesses; or have the node's operator name some (docs/witnessing.md)."


class WitnessPolicyMalformed(SuiteError):
    """The text is not a policy (C2SP tlog-policy)."""

    code, status, title = "witness-policy-malformed", 422, "Policy of logs and witnesses cannot be read"
    remedy = "Mend the named line: a log, witness, group or quorum line as C2SP tlog-policy has it, each name after its own line."
