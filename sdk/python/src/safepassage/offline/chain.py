"""Verifying a redisclosure chain offline: the file that `GET /v1/log/chains/{exchange_id}` answered, or the console gave out."""

from pydantic import ValidationError

from safepassage.canonical import from_base64url
from safepassage.chain_part import MAX_LENGTH, ChainPart
from safepassage.chains import verify_chain
from safepassage.claims import read_closed
from safepassage.offline.evidence import Evidence
from safepassage.offline.keys import NamedKeys
from safepassage.problems.chains import ChainNotProven
from safepassage.wire_chain import RedisclosureChain, SignedChain


def verify_chain_document(data: bytes, *, keys: NamedKeys) -> tuple[Evidence, tuple[str, ...]]:
    """What a chain shows, and the checkpoints under which both nodes have proven their entries.

    Raises ChainNotProven, and what else `verify_chain` raises.
    """
    try:
        signed = SignedChain.model_validate_json(data)
    except ValidationError as error:
        raise ChainNotProven("the file is no chain") from error
    chain = verify_chain(signed, signing_keys=keys.signing_keys_of, logs=keys.logs)
    return _evidence(chain), tuple(dict.fromkeys(note for token in chain.parts for note in _part(token).checkpoints))


def _part(token: str) -> ChainPart:
    """A part that was verified."""
    return read_closed(from_base64url(token[:MAX_LENGTH].split(".")[1]), model=ChainPart)


def _evidence(chain: RedisclosureChain) -> Evidence:
    holder = chain.holder if chain.origin is None else f"{chain.holder}, for its organization {chain.origin},"
    outcome = {
        "unanswered": f"{chain.requester} asked {holder} for a record, and no answer is there",
        "not-provided": f"{holder} answered {chain.requester} that nothing is provided",
        "provided": f"{holder} disclosed a record to {chain.requester}, and its arrival is not acknowledged",
        "received": f"{holder} disclosed a record to {chain.requester}, which received it",
        "applied": f"{holder} disclosed a record to {chain.requester}, which received and filed it",
        "rejected": f"{holder} disclosed a record to {chain.requester}, which received and rejected it",
    }[chain.outcome]
    logs = sorted({link.log for link in chain.links})
    sentence = (
        f"Exchange {chain.exchange_id}: {outcome}. {len(chain.links)} entries of {len(logs)} logs prove it, "
        f"and {len(chain.ties)} ties bind them to one another."
    )
    for one in chain.missing:
        sentence += f" Missing: {one.act} at {one.node} ({one.why})."
    for onward in chain.onward:
        sentence += f" {chain.requester} says that it went on to {onward.node}#{onward.recipient_organisation}."
    facts = {
        "exchange_id": str(chain.exchange_id),
        "outcome": chain.outcome,
        "recipient_organisation": chain.recipient_organisation,
        "logs": logs,
        "links": [{"act": link.act, "log": link.log, "index": link.index, "content": link.content} for link in chain.links],
        "ties": len(chain.ties),
        "missing": [one.model_dump(mode="json") for one in chain.missing],
        "assembled_by": chain.assembled_by,
    }
    return Evidence(sentence, facts)
