"""The routes of records, as the routing table has them: students, rosters, exchanges, what other nodes send, and OneRoster's."""

from typing import Final

from safepassage.body import MAX_MESSAGE_BYTES as CHUNK_BYTES
from safepassage.chunks import MAX_CONTENT_BYTES
from safepassage.envelope import CONTENT_TYPE as ENVELOPE_TYPE
from safepassage.envelope import MAX_BODY_BYTES as ENVELOPE_BYTES
from safepassage.envelope import MAX_JWS_BYTES
from safepassage.finding import MAX_LENGTH as COMPARISON_BYTES
from safepassage.message_batches import CONTENT_TYPE as BATCH_TYPE
from safepassage.message_batches import MAX_BODY_BYTES as BATCH_BYTES
from safepassage.packed import PACKED, PACKED_BATCH
from safepassage.trust_list import CONTENT_TYPE as LIST_TYPE
from safepassage.trust_list import MAX_BYTES as LIST_BYTES
from safepassage.trust_list_steps import LISTS_PATH, PEER_LISTS_PATH
from services.gateway.door.header_limit import TOKEN
from services.gateway.door.route import JSON, KIB, MIB, Route, also_bearer, anonymous, get, keyed, peers, send
from services.gateway.oauth.scopes import ROSTERING

JOSE: Final = ("application/jose",)
ENVELOPE: Final = (ENVELOPE_TYPE, PACKED)
CHUNK: Final = ("application/vnd.safepassage.chunk.v1",)
BATCH: Final = (BATCH_TYPE,)

DOCUMENTS: Final = ("application/pdf", "image/png", "image/jpeg")
ROSTERS: Final = ("application/zip", "application/x-ndjson", "application/vnd.ed-fi+json")

RECORDS: Final = (
    keyed("POST", "/v1/students", "records", "records:load", body=MIB),
    send("POST", "/v1/students/lookup", "records", "records:read", "records:read:state", cut=True),
    get("/v1/students/{student_id}", "records", "records:read", "records:read:state", seconds=30.0, cut=True),
    keyed("PUT", "/v1/students/{student_id}", "records", "records:load", body=MIB),
    get("/v1/students/{student_id}/kept-resources", "records", "records:load"),
    get("/v1/students/{student_id}/attachments", "records", "records:read", "records:read:state"),
    Route(
        "PUT",
        "/v1/students/{student_id}/attachments/{attachment_id}",
        "records",
        "clients",
        frozenset({"records:load"}),
        TOKEN,
        body_bytes=MAX_CONTENT_BYTES,
        media_types=DOCUMENTS,
        answer_seconds=1800.0,
        streams=True,
    ),
    Route(
        "GET",
        "/v1/students/{student_id}/attachments/{attachment_id}",
        "records",
        "clients",
        frozenset({"records:read", "records:read:state"}),
        TOKEN,
        answer_seconds=30.0,
        streams=True,
    ),
    *also_bearer(
        keyed("POST", "/v1/rosters", "records", "records:load", body=64 * MIB, types=ROSTERS, seconds=120.0),
        get("/v1/load-reports", "records", "records:load"),
        get("/v1/load-reports/{load_id}", "records", "records:load"),
    ),
    get("/v1/ed-fi-systems", "records", "records:load", "records:read", "exchange:operate", "audit:operate"),
    get("/v1/ed-fi-systems/{system}", "records", "records:load", "records:read", "exchange:operate", "audit:operate"),
    send("PUT", "/v1/ed-fi-systems/{system}/keeping", "records", "records:load"),
    send("POST", "/v1/ed-fi-pushes", "records", "records:read", seconds=30.0, cut=True),
    get("/v1/roster-entries", "records", "records:read", seconds=30.0, cut=True),
    get("/v1/roster-entries/{student}/document", "records", "records:read", seconds=30.0, cut=True),
    get("/v1/msix-package", "records", "records:msix", seconds=120.0),
    get("/v1/matches", "records", "matches:resolve"),
    get("/v1/matches/{match_id}", "records", "matches:resolve"),
    keyed("POST", "/v1/matches/{match_id}/resolution", "records", "matches:resolve"),
    keyed("POST", "/v1/unions/{union_id}/separation", "records", "matches:resolve", body=0, types=()),
    get("/v1/statistics", "records", "records:statistics"),
    send("POST", "/v1/statistics", "records", "records:statistics", seconds=60.0),
    get("/v1/statistics/{statistics_id}", "records", "records:statistics"),
    get("/v1/statistics/{statistics_id}/page", "records", "records:statistics"),
    get("/v1/statistics/{statistics_id}/table", "records", "records:statistics"),
    get("/v1/statistics-budget", "records", "records:statistics"),
    send("POST", "/v1/residence-counts", "records", "records:residence", and_scopes=("audit:search",), seconds=30.0),
    keyed("POST", "/v1/exchange-requests", "records", "exchange:request"),
    keyed("POST", "/v1/exchange-request-batches", "records", "exchange:request", body=MIB, seconds=20.0),
    get("/v1/exchange-requests/{exchange_id}", "records", "exchange:request"),
    keyed("POST", "/v1/findings", "records", "exchange:request", seconds=20.0),
    get("/v1/findings/{finding_id}", "records", "exchange:request"),
    keyed("POST", "/v1/exchange-requests/{exchange_id}/notices", "records", "exchange:request"),
    get("/v1/transfer-notices", "records", "exchange:request", "matches:resolve"),
    keyed("POST", "/v1/students/{student_id}/hand-carry-copies", "records", "rights:act", seconds=30.0),
    send("POST", "/v1/hand-carry-documents", "records", "rights:act", body=4 * MIB, seconds=30.0),
    keyed("POST", "/v1/students/{student_id}/transcripts", "records", "rights:act", seconds=30.0),
    send("POST", "/v1/credentials/{credential_id}/revocation", "records", "credentials:revoke"),
    keyed("POST", "/v1/educator-credentials", "records", "educators:credentials", seconds=20.0),
    keyed("POST", "/v1/educator-credentials/receptions", "records", "educators:credentials", body=256 * KIB, seconds=30.0),
    send("POST", "/v1/educator-credentials/searches", "records", "educators:credentials", seconds=60.0),
    keyed("POST", "/v1/educator-credential-requests", "records", "educators:credentials"),
    get("/v1/educator-credential-requests/{exchange_id}", "records", "educators:credentials"),
    anonymous("GET", "/v1/credential-status-lists/{number}", "records"),
    anonymous("GET", "/.well-known/did.json", "records"),
    anonymous("GET", "/ims/oneroster/rostering/v1p2/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json", "records"),
    anonymous("GET", "/ims/oneroster/rostering/v1p2/discovery/imsorv1p2_rostering_openapi3_v1p0.json", "records"),
    get("/v1/transfer-confirmations/{exchange_id}", "records", "audit:accounting"),
    get("/v1/transfer-confirmations/{exchange_id}/document", "records", "audit:accounting", seconds=30.0),
    get("/v1/transfer-holds", "records", "matches:resolve"),
    keyed("POST", "/v1/transfer-holds/{hold_id}/resolution", "records", "matches:resolve"),
    get("/v1/exchange-requests/{exchange_id}/record", "records", "exchange:request", and_scopes=("records:read",), seconds=20.0),
    send(
        "POST", "/v1/exchange-requests/{exchange_id}/ed-fi-push", "records", "exchange:request", and_scopes=("records:read",), seconds=30.0
    ),
    get("/v1/exchanges", "records", "exchange:request", "exchange:operate", "audit:search"),
    get("/v1/exchanges/{exchange_id}", "records", "exchange:request", "exchange:operate", "audit:search"),
    get("/v1/dead-letters", "records", "exchange:operate"),
    get("/v1/dead-letters/{letter_id}", "records", "exchange:operate"),
    keyed("POST", "/v1/dead-letters/{letter_id}/requeue", "records", "exchange:operate", seconds=20.0),
    keyed("POST", "/v1/dead-letters/{letter_id}/abandonment", "records", "exchange:operate"),
    get("/v1/waiting-answers", "records", "exchange:operate"),
    keyed("POST", "/v1/waiting-answers/{envelope_id}/recall", "records", "exchange:operate"),
    peers("POST", "/v1/peer/requests", "records", body=160 * KIB, types=JOSE),
    peers("POST", "/v1/peer/envelopes", "records", body=ENVELOPE_BYTES, types=ENVELOPE, seconds=60.0),
    peers("POST", "/v1/peer/bodies", "records", body=MAX_JWS_BYTES, types=JOSE, seconds=30.0),
    peers("PUT", "/v1/peer/bodies/{envelope_id}/chunks/{number}", "records", body=CHUNK_BYTES, types=CHUNK, seconds=30.0),
    peers("POST", "/v1/peer/receipts", "records", body=64 * KIB, types=JOSE),
    peers("GET", "/v1/peer/receipts/{envelope_id}", "records"),
    peers("GET", "/v1/peer/outbox/{kind}", "records", seconds=60.0),
    peers("POST", "/v1/peer/outbox/{kind}/answers", "records", body=4 * MIB, types=JSON, seconds=60.0),
    peers("GET", "/v1/peer/pins", "records"),
    peers("POST", "/v1/peer/paths", "records", body=16 * KIB, types=JSON),
    anonymous("POST", "/v1/node-statements", "records", body=64 * KIB, types=JOSE),
    anonymous("POST", LISTS_PATH, "records", body=LIST_BYTES, types=(LIST_TYPE,)),
    peers("GET", PEER_LISTS_PATH, "records"),
    get("/v1/peers", "records", "exchange:operate", "audit:operate"),
    get("/v1/reconciliations", "records", "exchange:operate", "audit:operate"),
    peers("POST", "/v1/peer/reconciliations", "records", body=64 * KIB, types=JOSE),
    peers("GET", "/v1/peer/reconciliations/{day}/{stream}", "records"),
    peers("POST", "/v1/peer/endings", "records", body=16 * KIB, types=JOSE),
    peers("POST", "/v1/peer/request-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    peers("POST", "/v1/peer/envelope-batches", "records", body=BATCH_BYTES, types=(*BATCH, PACKED_BATCH), seconds=60.0),
    peers("POST", "/v1/peer/receipt-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    peers("POST", "/v1/peer/notices", "records", body=64 * KIB, types=JOSE),
    peers("POST", "/v1/peer/notice-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    peers("POST", "/v1/peer/comparisons", "records", body=COMPARISON_BYTES, types=JOSE, seconds=30.0),
    peers("GET", "/v1/peer/consistency", "records"),
    peers("GET", "/v1/peer/chains/{exchange_id}", "records"),
    get("/v1/log/chains/{exchange_id}", "records", "audit:search", seconds=30.0),
)

_CORE: Final = (
    "academicSessions", "classes", "courses", "enrollments", "gradingPeriods", "orgs", "schools", "students", "teachers", "terms", "users",
)  # fmt: skip
_INNER: Final = (
    "courses/{id}/classes", "students/{id}/classes", "teachers/{id}/classes", "users/{id}/classes", "terms/{id}/classes",
    "terms/{id}/gradingPeriods", "classes/{id}/students", "classes/{id}/teachers", "schools/{id}/classes", "schools/{id}/courses",
    "schools/{id}/enrollments", "schools/{id}/students", "schools/{id}/teachers", "schools/{id}/terms",
    "schools/{id}/classes/{class_id}/enrollments", "schools/{id}/classes/{class_id}/students", "schools/{id}/classes/{class_id}/teachers",
)  # fmt: skip


def _roster(path: str, scope: str) -> Route:
    scopes = (f"{ROSTERING}roster.readonly", f"{ROSTERING}{scope}")
    return get(f"/ims/oneroster/rostering/v1p2/{path}", "records", *scopes, seconds=60.0, cut=True)


ONEROSTER: Final = also_bearer(
    *(_roster(path, "roster-core.readonly") for path in (*_CORE, *(f"{one}/{{id}}" for one in _CORE), *_INNER)),
    *(_roster(path, "roster-demographics.readonly") for path in ("demographics", "demographics/{id}")),
    get("/v1/roster-package", "records", f"{ROSTERING}roster.readonly", seconds=120.0),
)
"""1EdTech OneRoster 1.2 rostering service, whose paths and scopes are the standard's, and its CSV package."""
