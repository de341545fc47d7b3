"""Whose signatures count: the log's keys, and the policy that says which witnesses are enough (C2SP tlog-policy). Public, all of it."""

from collections.abc import Iterator

from fastapi import APIRouter, Request

from safepassage.problems.log import NoSuchLog
from safepassage.problems.requests import NotPermitted
from safepassage.tlog_policy import Policy
from safepassage.wire_log import LogKeys
from services.audit.checkpoints import CheckpointSigner
from services.audit.log_routes import Published, Reader
from services.audit.witnessing.publisher import Publisher
from shared.problems import responses

router = APIRouter(tags=["log"])


@router.get("/v1/log/keys", responses=responses(NotPermitted, NoSuchLog))
async def log_keys(_: Reader, published: Published, request: Request) -> LogKeys:
    """The verifier keys of a log, and who witnesses it. Whoever checks the log compares them with what they got by another way."""
    signer: CheckpointSigner = request.app.state.signer
    publisher: Publisher = request.app.state.publisher
    origin = published.log.origin
    policy = publisher.policy
    return LogKeys(
        log=origin,
        keys=tuple(key.vkey for key in signer.verifiers(origin)),
        witness_keys=() if policy is None else tuple(key.vkey for key in policy.witness_keys),
        policy=None if policy is None else policy_text(policy),
    )


def policy_text(policy: Policy) -> str:
    """The policy as a file that `safepassage verify --witnesses` reads; nothing of it is known from elsewhere than the node's own file."""
    return "".join(f"{line}\n" for line in _lines(policy)).encode("utf-8", "replace").decode()


def _lines(policy: Policy) -> Iterator[str]:
    for log in policy.logs:
        yield " ".join(("log", log.key.vkey, *([log.url] if log.url else ())))
    for witness in policy.witnesses:
        yield " ".join(("witness", witness.name, witness.key.vkey, *([witness.url] if witness.url else ())))
    for group in policy.groups:
        yield " ".join(("group", group.name, str(group.threshold), *group.members))
    yield f"quorum {policy.quorum}"
