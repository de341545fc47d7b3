"""What proves an entry, on its page or elsewhere: the proof, the keys, the policy, the path between two sizes."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from safepassage.canonical import canonical_json, from_base64url, to_base64url
from safepassage.leaf import parse_leaf, subject_leaf
from safepassage.problems import SuiteError
from safepassage.problems.witnessing import NotWitnessedYet, NoWitnessesNamed
from safepassage.wire_log import LogConsistency, LogEntry, LogKeys
from services.gateway.console.log_entry import PATH, opened
from services.gateway.console.log_rows import PATH as LIST
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

BUNDLE: Final = f"{PATH}/proof"
FILE: Final = f"{PATH}/tlog-proof"
CONSISTENCY: Final = f"{LIST}/consistency"
POLICY: Final = f"{LIST}/witnesses.policy"

Year = Annotated[int, Query(ge=1970, le=9999)]
Size = Annotated[int, Query(ge=1, lt=2**53)]


@router.get(BUNDLE, response_model=None, responses=page_responses(200, 404))
async def read_proof_bundle(place: str, node: Node) -> Response:
    """For the script of the page: the proof file, the keys, and of what was sealed what the person may see, with its salts."""
    year, entry = await opened(place, node)
    keys = await node.read("audit", "/v1/log/keys", LogKeys, {"year": year})
    bundle = {
        "file": await _proof(node, year, entry.index),
        "log_keys": keys.keys,
        "witness_keys": keys.witness_keys,
        "policy": keys.policy,
        "openings": openings_of(entry),
    }
    return JSONResponse(bundle)


@router.get(FILE, response_model=None, responses=page_responses(200, 404))
async def download_proof(place: str, node: Node) -> Response:
    """The proof as a file that stands alone (C2SP tlog-proof), under the largest checkpoint that the quorum has cosigned, where one has."""
    year, entry = await opened(place, node)
    headers = {"content-disposition": f'attachment; filename="entry-{place}.tlog-proof"'}
    return Response(await _proof(node, year, entry.index), media_type="text/plain; charset=utf-8", headers=headers)


@router.get(POLICY, response_model=None, responses=page_responses(200, 404))
async def download_witness_policy(node: Node, year: Year) -> Response:
    """Who witnesses the log, and how many of them are enough (C2SP tlog-policy), for the command. Raises NoWitnessesNamed."""
    policy = (await node.read("audit", "/v1/log/keys", LogKeys, {"year": year})).policy
    if policy is None:
        raise NoWitnessesNamed
    headers = {"content-disposition": 'attachment; filename="witnesses.policy"'}
    return Response(policy, media_type="text/plain; charset=utf-8", headers=headers)


@router.get(CONSISTENCY, response_model=None, responses=page_responses(200, 404))
async def read_consistency_on_page(
    node: Node, year: Year, from_: Annotated[int, Query(alias="from", ge=1, lt=2**53)], to: Size
) -> Response:
    """The path between two sizes of a log, in hexadecimal: whoever remembers the smaller one sees that nothing before it was changed."""
    query = {"year": year, "from": from_, "to": to}
    found = await node.read("audit", "/v1/log/consistency", LogConsistency, query)
    return JSONResponse({"path": [from_base64url(one).hex() for one in found.path]})


async def _proof(node: NodeReader, year: int, index: int) -> str:
    path = f"/v1/log/entries/{index}/proof"
    try:
        return (await node.bytes_of("audit", path, {"year": year, "witnessed": "true"})).decode()
    except SuiteError as error:
        if error.code not in (NotWitnessedYet.code, NoWitnessesNamed.code):
            raise
    return (await node.bytes_of("audit", path, {"year": year})).decode()


def openings_of(entry: LogEntry) -> list[dict[str, str]]:
    """Of each group that is open its salt and its canonical content; several students have one commitment together, and none is there."""
    leaf = parse_leaf(from_base64url(entry.entry))
    groups: dict[str, Any] = {"actor": entry.actor, "context": entry.context}
    found = [_opening(name, group) for name, group in groups.items() if group is not None]
    for one in entry.subjects:
        alone = subject_leaf(salt=from_base64url(one.salt), payload=one.payload)
        if to_base64url(alone) == leaf.commitments.subject:
            found.append(_opening("subject", one))
    return found


def _opening(name: str, group: Any) -> dict[str, str]:
    return {"group": name, "salt": group.salt, "content": to_base64url(canonical_json(group.payload))}
