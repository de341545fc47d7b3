"""Every route of the node: who answers it, who may call it, how much body of which kind, how long it may take, which headers guard it.

Data, and nothing else decides. What is not here does not exist from outside; tests compare it with the services' own routes both ways.
"""

from typing import Final

from safepassage.body import MAX_MESSAGE_BYTES as CHUNK_BYTES
from safepassage.chunks import MAX_CONTENT_BYTES
from safepassage.envelope import MAX_BODY_BYTES as ENVELOPE_BYTES
from safepassage.envelope import MAX_JWS_BYTES
from safepassage.finding import MAX_LENGTH as COMPARISON_BYTES
from safepassage.message_batches import MAX_BODY_BYTES as BATCH_BYTES
from services.gateway.door.route import Route
from services.gateway.oauth.scopes import CLIENT_SCOPES, PEER_SCOPE, ROSTERING
from shared.who_may_call import ServiceName

JSON: Final = ("application/json",)
JOSE: Final = ("application/jose",)
ENVELOPE: Final = ("application/vnd.safepassage.envelope.v1",)
CHUNK: Final = ("application/vnd.safepassage.chunk.v1",)
BATCH: Final = ("application/vnd.safepassage.batch.v1",)
OCTETS: Final = ("application/octet-stream",)
FORM: Final = ("application/x-www-form-urlencoded",)
TEXT: Final = ("text/plain", "application/octet-stream", "")
"""Of a protocol that names no type for its bodies; its clients send any of these, or none."""

KIB: Final = 1024
MIB: Final = 1024 * 1024


def _get(template: str, service: ServiceName, *scopes: str, and_scopes: tuple[str, ...] = (), seconds: float = 10.0) -> Route:
    return Route("GET", template, service, "clients", frozenset(scopes), frozenset(and_scopes), answer_seconds=seconds)


def _send(
    method: str,
    template: str,
    service: ServiceName,
    *scopes: str,
    body: int = 64 * KIB,
    types: tuple[str, ...] = JSON,
    and_scopes: tuple[str, ...] = (),
    seconds: float = 10.0,
) -> Route:
    return Route(method, template, service, "clients", frozenset(scopes), frozenset(and_scopes), body, types, seconds)


def _access(template: str, *, body: int = 64 * KIB) -> Route:
    scopes = frozenset({"access:evaluate"})
    return Route("POST", template, "privacy", "clients", scopes, body_bytes=body, media_types=JSON, echoes_request_id=True)


def _peers(method: str, template: str, service: ServiceName, *, body: int = 0, types: tuple[str, ...] = (), seconds: float = 20.0) -> Route:
    return Route(method, template, service, "peers", frozenset({PEER_SCOPE}), frozenset(), body, types, seconds)


def _open(
    method: str, template: str, service: ServiceName, *, body: int = 0, types: tuple[str, ...] = (), codings: tuple[bytes, ...] = ()
) -> Route:
    return Route(method, template, service, "anonymous", frozenset(), frozenset(), body, types, codings=codings)


GATEWAY: Final = (
    _open("GET", "/livez", "gateway"),
    _open("GET", "/readyz", "gateway"),
    _open("POST", "/oauth/token", "gateway", body=32 * KIB, types=FORM),
    _open("POST", "/oauth/revoke", "gateway", body=32 * KIB, types=FORM),
    _open("POST", "/oauth/introspect", "gateway", body=32 * KIB, types=FORM),
    _get("/oauth/token_info", "gateway", *CLIENT_SCOPES),
    _open("GET", "/oauth/jwks", "gateway"),
    _open("GET", "/.well-known/oauth-authorization-server", "gateway"),
    _open("GET", "/.well-known/oauth-protected-resource", "gateway"),
    _open("GET", "/.well-known/authzen-configuration", "gateway"),
    _open("GET", "/.well-known/safe-passage", "gateway"),
    _get("/v1/organisations", "gateway", "admin:organisations"),
    _send("POST", "/v1/organisations", "gateway", "admin:organisations"),
    _get("/v1/organisations/{organisation_id}", "gateway", "admin:organisations"),
    _send("PUT", "/v1/organisations/{organisation_id}", "gateway", "admin:organisations"),
    _get("/v1/clients", "gateway", "admin:clients"),
    _send("POST", "/v1/clients", "gateway", "admin:clients"),
    _get("/v1/clients/{client_id}", "gateway", "admin:clients"),
    _send("PUT", "/v1/clients/{client_id}/grants", "gateway", "admin:clients"),
    _send("PUT", "/v1/clients/{client_id}/keys", "gateway", "admin:clients"),
    _send("POST", "/v1/clients/{client_id}/disablement", "gateway", "admin:clients", body=0, types=()),
    _send("DELETE", "/v1/clients/{client_id}/disablement", "gateway", "admin:clients", body=0, types=()),
)

ALERTS: Final = ("alerts:read", "alerts:review")
RETENTION: Final = ("retention:hold", "retention:destroy", "retention:approve")
POLICIES: Final = ("policies:draft", "policies:approve", "policies:activate", "policies:simulate")
"""Whoever has a hand in the rules reads them."""
READINESS: Final = ("readiness:read", "readiness:attest")

PRIVACY: Final = (
    _send("POST", "/v1/consents", "privacy", "rights:act"),
    _get("/v1/consents/{consent_id}", "privacy", "rights:act"),
    _get("/v1/consents/{consent_id}/history", "privacy", "rights:act"),
    _get("/v1/consents/{consent_id}/receipt", "privacy", "rights:act"),
    _send("POST", "/v1/consents/{consent_id}/narrowing", "privacy", "rights:act"),
    _send("POST", "/v1/consents/{consent_id}/withdrawal", "privacy", "rights:act"),
    _open("GET", "/v1/receipt-keys", "privacy"),
    _get("/v1/known-facts/{student_id}", "privacy", "rights:act"),
    _send("POST", "/v1/record-locations", "privacy", "safeguards:keep"),
    _get("/v1/record-locations", "privacy", "safeguards:keep", "rights:act"),
    _send("POST", "/v1/record-locations/{location_id}/end", "privacy", "safeguards:keep"),
    _send("POST", "/v1/access-listings", "privacy", "safeguards:keep"),
    _get("/v1/access-listings", "privacy", "safeguards:keep", "rights:act"),
    _send("POST", "/v1/access-listings/{listing_id}/end", "privacy", "safeguards:keep"),
    _send("POST", "/v1/preferences", "privacy", "rights:act"),
    _get("/v1/preferences/{preference_id}", "privacy", "rights:act"),
    _send("POST", "/v1/preferences/{preference_id}/rescission", "privacy", "rights:act"),
    _get("/v1/inspections", "privacy", "rights:act"),
    _send("POST", "/v1/inspections", "privacy", "rights:act"),
    _get("/v1/inspections/{inspection_id}", "privacy", "rights:act"),
    _send("POST", "/v1/inspections/{inspection_id}/steps", "privacy", "rights:act"),
    _send("POST", "/v1/amendments", "privacy", "rights:act"),
    _get("/v1/amendments/{amendment_id}", "privacy", "rights:act"),
    _send("POST", "/v1/amendments/{amendment_id}/decision", "privacy", "rights:act"),
    _send("POST", "/v1/hearings", "privacy", "rights:act"),
    _get("/v1/hearings/{hearing_id}", "privacy", "rights:act"),
    _send("POST", "/v1/hearings/{hearing_id}/schedule", "privacy", "rights:act"),
    _send("POST", "/v1/hearings/{hearing_id}/record", "privacy", "rights:act"),
    _send("POST", "/v1/hearings/{hearing_id}/decision", "privacy", "rights:act"),
    _send("POST", "/v1/statements", "privacy", "rights:act"),
    _get("/v1/statements/{statement_id}", "privacy", "rights:act"),
    _send("POST", "/v1/agreements", "privacy", "agreements:write", body=256 * KIB),
    _get("/v1/agreements/{agreement_id}", "privacy", "agreements:write", "agreements:read"),
    _send("POST", "/v1/agreements/documents", "privacy", "agreements:write", body=256 * KIB),
    _get("/v1/agreements/{agreement_id}/document", "privacy", "agreements:write", "agreements:read"),
    _get("/v1/agreements/{agreement_id}/use", "privacy", "agreements:write", "agreements:read", seconds=30.0),
    _send("POST", "/v1/agreements/{agreement_id}/amendments", "privacy", "agreements:write", body=256 * KIB),
    _send("POST", "/v1/agreements/{agreement_id}/termination", "privacy", "agreements:write"),
    _send("POST", "/v1/evidence", "privacy", "evidence:write", body=256 * KIB),
    _get("/v1/evidence", "privacy", "evidence:read", "evidence:write", "evidence:sealed"),
    _get("/v1/evidence/{evidence_id}", "privacy", "evidence:read", "evidence:write", "evidence:sealed"),
    _send("POST", "/v1/evidence/{evidence_id}/revocation", "privacy", "evidence:write"),
    _send("POST", "/v1/debarments", "privacy", "debarments:write"),
    _get("/v1/debarments", "privacy", "debarments:write"),
    _get("/v1/debarments/{debarment_id}", "privacy", "debarments:write"),
    _get("/v1/decisions", "privacy", "decisions:read"),
    _get("/v1/decisions/{decision_id}", "privacy", "decisions:read"),
    _get("/v1/decisions/{decision_id}/explanation", "privacy", "decisions:read"),
    _send("POST", "/v1/decisions/{decision_id}/reproduction", "privacy", "decisions:read", body=0, types=()),
    _get("/v1/obligations", "privacy", "obligations:read", "obligations:discharge"),
    _send("POST", "/v1/obligations/{obligation_id}/discharge", "privacy", "obligations:discharge"),
    _send("POST", "/v1/policy-sets", "privacy", "policies:draft", body=4 * MIB, seconds=30.0),
    _get("/v1/policy-sets", "privacy", *POLICIES),
    _get("/v1/policy-sets/{policy_hash}", "privacy", *POLICIES),
    _send("POST", "/v1/policy-sets/{policy_hash}/validation", "privacy", "policies:draft", seconds=30.0),
    _send("POST", "/v1/policy-sets/{policy_hash}/tests", "privacy", "policies:draft", body=4 * MIB, seconds=30.0),
    _send("POST", "/v1/policy-sets/{policy_hash}/replays", "privacy", "policies:draft"),
    _get("/v1/policy-sets/{policy_hash}/replays/{replay_id}", "privacy", *POLICIES),
    _send("POST", "/v1/policy-sets/{policy_hash}/approvals", "privacy", "policies:approve"),
    _send("POST", "/v1/policy-sets/{policy_hash}/activation", "privacy", "policies:activate"),
    _get("/v1/policy-activations", "privacy", *POLICIES),
    _send("POST", "/v1/policy-activations/{number}/call-off", "privacy", "policies:activate"),
    _send("POST", "/v1/simulations", "privacy", "policies:simulate"),
    _send("POST", "/v1/obligations/{obligation_id}/waivers", "privacy", "obligations:waive"),
    _get("/v1/duties", "privacy", "duties:read", "duties:complete"),
    _send("POST", "/v1/duties", "privacy", "duties:complete"),
    _send("POST", "/v1/duties/{duty_id}/completion", "privacy", "duties:complete"),
    _send("POST", "/v1/destructions", "privacy", "destruction:clear"),
    _get("/v1/agreements/{agreement_id}/destruction", "privacy", "destruction:attest", "obligations:read", "obligations:discharge"),
    _send("POST", "/v1/destruction-attestations", "privacy", "destruction:attest"),
    _get("/v1/destruction-attestations/{attestation_id}", "privacy", "destruction:attest", "obligations:read", "obligations:discharge"),
    _get("/v1/readiness", "privacy", *READINESS),
    _get("/v1/readiness/questions", "privacy", *READINESS),
    _get("/v1/readiness/table", "privacy", *READINESS),
    _get("/v1/readiness/page", "privacy", *READINESS),
    _get("/v1/readiness/questions/{question_id}/attestations", "privacy", *READINESS),
    _send("POST", "/v1/readiness/questions/{question_id}/attestations", "privacy", "readiness:attest"),
    _send("POST", "/v1/readiness/attestations/{attestation_id}/withdrawal", "privacy", "readiness:attest"),
    _get("/v1/readiness/snapshots", "privacy", *READINESS),
    _get("/v1/readiness/snapshots/{snapshot_id}", "privacy", *READINESS),
    _send("POST", "/v1/readiness/snapshots", "privacy", "readiness:attest", body=0, types=(), seconds=30.0),
)

ACCESS: Final = (
    _access("/access/v1/evaluation"),
    _access("/access/v1/evaluations", body=MIB),
    _access("/access/v1/search/subject"),
    _access("/access/v1/search/resource"),
    _access("/access/v1/search/action"),
)

DOCUMENTS: Final = ("application/pdf", "image/png", "image/jpeg")
ROSTERS: Final = ("application/zip", "application/x-ndjson", "application/vnd.ed-fi+json")

RECORDS: Final = (
    _send("POST", "/v1/students", "records", "records:load", body=MIB),
    _send("POST", "/v1/students/lookup", "records", "records:read", "records:read:state"),
    _get("/v1/students/{student_id}", "records", "records:read", "records:read:state"),
    _send("PUT", "/v1/students/{student_id}", "records", "records:load", body=MIB),
    _get("/v1/students/{student_id}/kept-resources", "records", "records:load"),
    _get("/v1/students/{student_id}/attachments", "records", "records:read", "records:read:state"),
    Route(
        "PUT",
        "/v1/students/{student_id}/attachments/{attachment_id}",
        "records",
        "clients",
        frozenset({"records:load"}),
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
        answer_seconds=30.0,
        streams=True,
    ),
    _send("POST", "/v1/rosters", "records", "records:load", body=64 * MIB, types=ROSTERS, seconds=120.0),
    _get("/v1/load-reports", "records", "records:load"),
    _get("/v1/load-reports/{load_id}", "records", "records:load"),
    _send("POST", "/v1/ed-fi-pushes", "records", "records:read", seconds=30.0),
    _get("/v1/roster-entries", "records", "records:read", seconds=30.0),
    _get("/v1/roster-entries/{student}/document", "records", "records:read", seconds=30.0),
    _get("/v1/msix-package", "records", "records:msix", seconds=120.0),
    _get("/v1/matches", "records", "matches:resolve"),
    _send("POST", "/v1/matches/{match_id}/resolution", "records", "matches:resolve"),
    _send("POST", "/v1/unions/{union_id}/separation", "records", "matches:resolve", body=0, types=()),
    _send("POST", "/v1/statistics", "records", "records:statistics", seconds=60.0),
    _get("/v1/statistics/{statistics_id}", "records", "records:statistics"),
    _get("/v1/statistics/{statistics_id}/page", "records", "records:statistics"),
    _get("/v1/statistics/{statistics_id}/table", "records", "records:statistics"),
    _get("/v1/statistics-budget", "records", "records:statistics"),
    _send("POST", "/v1/exchange-requests", "records", "exchange:request"),
    _send("POST", "/v1/exchange-request-batches", "records", "exchange:request", body=MIB, seconds=20.0),
    _get("/v1/exchange-requests/{exchange_id}", "records", "exchange:request"),
    _send("POST", "/v1/findings", "records", "exchange:request", seconds=20.0),
    _get("/v1/findings/{finding_id}", "records", "exchange:request"),
    _send("POST", "/v1/exchange-requests/{exchange_id}/notices", "records", "exchange:request"),
    _get("/v1/transfer-notices", "records", "exchange:request", "matches:resolve"),
    _send("POST", "/v1/students/{student_id}/hand-carry-copies", "records", "rights:act", seconds=20.0),
    _send("POST", "/v1/hand-carry-documents", "records", "rights:act", body=4 * MIB, seconds=30.0),
    _send("POST", "/v1/students/{student_id}/transcripts", "records", "rights:act", seconds=30.0),
    _send("POST", "/v1/credentials/{credential_id}/revocation", "records", "credentials:revoke"),
    _send("POST", "/v1/educator-credentials", "records", "educators:credentials", seconds=20.0),
    _send("POST", "/v1/educator-credentials/receptions", "records", "educators:credentials", body=256 * KIB, seconds=30.0),
    _send("POST", "/v1/educator-credentials/searches", "records", "educators:credentials", seconds=60.0),
    _send("POST", "/v1/educator-credential-requests", "records", "educators:credentials"),
    _get("/v1/educator-credential-requests/{exchange_id}", "records", "educators:credentials"),
    _open("GET", "/v1/credential-status-lists/{number}", "records"),
    _open("GET", "/.well-known/did.json", "records"),
    _get("/v1/transfer-confirmations/{exchange_id}", "records", "audit:accounting"),
    _get("/v1/transfer-confirmations/{exchange_id}/document", "records", "audit:accounting", seconds=30.0),
    _get("/v1/transfer-holds", "records", "matches:resolve"),
    _send("POST", "/v1/transfer-holds/{hold_id}/resolution", "records", "matches:resolve"),
    _get("/v1/exchange-requests/{exchange_id}/record", "records", "exchange:request", and_scopes=("records:read",), seconds=20.0),
    _send(
        "POST", "/v1/exchange-requests/{exchange_id}/ed-fi-push", "records", "exchange:request", and_scopes=("records:read",), seconds=30.0
    ),
    _get("/v1/dead-letters", "records", "exchange:operate"),
    _get("/v1/dead-letters/{letter_id}", "records", "exchange:operate"),
    _send("POST", "/v1/dead-letters/{letter_id}/requeue", "records", "exchange:operate", seconds=20.0),
    _send("POST", "/v1/dead-letters/{letter_id}/abandonment", "records", "exchange:operate"),
    _get("/v1/waiting-answers", "records", "exchange:operate"),
    _send("POST", "/v1/waiting-answers/{envelope_id}/recall", "records", "exchange:operate"),
    _peers("POST", "/v1/peer/requests", "records", body=160 * KIB, types=JOSE),
    _peers("POST", "/v1/peer/envelopes", "records", body=ENVELOPE_BYTES, types=ENVELOPE, seconds=60.0),
    _peers("POST", "/v1/peer/bodies", "records", body=MAX_JWS_BYTES, types=JOSE, seconds=30.0),
    _peers("PUT", "/v1/peer/bodies/{envelope_id}/chunks/{number}", "records", body=CHUNK_BYTES, types=CHUNK, seconds=30.0),
    _peers("POST", "/v1/peer/receipts", "records", body=64 * KIB, types=JOSE),
    _peers("GET", "/v1/peer/receipts/{envelope_id}", "records"),
    _peers("GET", "/v1/peer/outbox/{kind}", "records", seconds=60.0),
    _peers("POST", "/v1/peer/outbox/{kind}/answers", "records", body=4 * MIB, types=JSON, seconds=60.0),
    _peers("GET", "/v1/peer/pins", "records"),
    _peers("POST", "/v1/peer/paths", "records", body=16 * KIB, types=JSON),
    _open("POST", "/v1/node-statements", "records", body=64 * KIB, types=JOSE),
    _get("/v1/reconciliations", "records", "exchange:operate"),
    _peers("POST", "/v1/peer/reconciliations", "records", body=64 * KIB, types=JOSE),
    _peers("GET", "/v1/peer/reconciliations/{day}/{stream}", "records"),
    _peers("POST", "/v1/peer/endings", "records", body=16 * KIB, types=JOSE),
    _peers("POST", "/v1/peer/request-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    _peers("POST", "/v1/peer/envelope-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    _peers("POST", "/v1/peer/receipt-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    _peers("POST", "/v1/peer/notices", "records", body=64 * KIB, types=JOSE),
    _peers("POST", "/v1/peer/notice-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    _peers("POST", "/v1/peer/comparisons", "records", body=COMPARISON_BYTES, types=JOSE, seconds=30.0),
    _peers("GET", "/v1/peer/consistency", "records"),
    _peers("GET", "/v1/peer/chains/{exchange_id}", "records"),
    _get("/v1/log/chains/{exchange_id}", "records", "audit:search", seconds=30.0),
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
    return _get(f"/ims/oneroster/rostering/v1p2/{path}", "records", f"{ROSTERING}roster.readonly", f"{ROSTERING}{scope}", seconds=60.0)


ONEROSTER: Final = (
    *(_roster(path, "roster-core.readonly") for path in (*_CORE, *(f"{one}/{{id}}" for one in _CORE), *_INNER)),
    *(_roster(path, "roster-demographics.readonly") for path in ("demographics", "demographics/{id}")),
    _get("/v1/roster-package", "records", f"{ROSTERING}roster.readonly", seconds=120.0),
)
"""1EdTech OneRoster 1.2 rostering service, whose paths and scopes are the standard's, and its CSV package."""

AUDIT: Final = (
    _get("/v1/log/checkpoint", "audit", "audit:operate"),
    _get("/v1/log/tile/{path:path}", "audit", "audit:operate"),
    _get("/v1/log/consistency", "audit", "audit:operate"),
    _get("/v1/log/entries/{index}", "audit", "audit:operate", "audit:search"),
    _get("/v1/log/entries/{index}/proof", "audit", "audit:operate", "audit:search"),
    _send("POST", "/v1/log/searches", "audit", "audit:search", seconds=30.0),
    _get("/v1/log/saved-searches", "audit", "audit:search"),
    _send("PUT", "/v1/log/saved-searches/{saved_search_id}", "audit", "audit:search"),
    _send("DELETE", "/v1/log/saved-searches/{saved_search_id}", "audit", "audit:search", body=0, types=()),
    _send("POST", "/v1/log/saved-searches/{saved_search_id}/runs", "audit", "audit:search", seconds=30.0),
    _send("POST", "/v1/log/blast-radius", "audit", "audit:search", seconds=120.0),
    _send("POST", "/v1/log/blast-radius/rows", "audit", "audit:search", seconds=30.0),
    _get("/v1/log/alerts", "audit", *ALERTS, seconds=30.0),
    _get("/v1/log/alerts/{alert_id}", "audit", *ALERTS),
    _send("POST", "/v1/log/alerts/{alert_id}/acknowledgements", "audit", "alerts:review"),
    _get("/v1/log/alert-reviews", "audit", *ALERTS),
    _send("POST", "/v1/log/alert-reviews", "audit", "alerts:review"),
    _get("/v1/log/retention-classes", "audit", *RETENTION),
    _get("/v1/log/holds", "audit", "retention:hold"),
    _send("POST", "/v1/log/holds", "audit", "retention:hold"),
    _send("POST", "/v1/log/holds/{hold_id}/lift", "audit", "retention:hold"),
    _get("/v1/log/destructions", "audit", *RETENTION),
    _get("/v1/log/destructions/{destruction_id}", "audit", *RETENTION),
    _send("POST", "/v1/log/destructions", "audit", "retention:destroy", seconds=30.0),
    _send("POST", "/v1/log/destructions/{destruction_id}/approvals", "audit", "retention:approve"),
    _send("POST", "/v1/log/destructions/{destruction_id}/call-off", "audit", *RETENTION),
    _send("POST", "/v1/log/exports", "audit", "audit:export"),
    _send("POST", "/v1/log/exports/parts", "audit", "audit:export", body=256 * KIB, seconds=60.0),
    _send("POST", "/v1/log/exports/manifest", "audit", "audit:export", body=4 * MIB, seconds=30.0),
    _get("/v1/log/destinations", "audit", "audit:destinations"),
    _get("/v1/log/destinations/{destination_id}", "audit", "audit:destinations"),
    _send("PUT", "/v1/log/destinations/{destination_id}", "audit", "audit:destinations"),
    _send("DELETE", "/v1/log/destinations/{destination_id}", "audit", "audit:destinations", body=0, types=()),
    _send("POST", "/v1/log/destinations/{destination_id}/secret-rotation", "audit", "audit:destinations"),
    _send("POST", "/v1/log/destinations/{destination_id}/ping", "audit", "audit:destinations", body=0, types=(), seconds=30.0),
    _send("POST", "/v1/log/destinations/{destination_id}/pause", "audit", "audit:destinations", body=0, types=()),
    _send("POST", "/v1/log/destinations/{destination_id}/resumption", "audit", "audit:destinations", body=0, types=()),
    _send("POST", "/v1/log/destinations/{destination_id}/replays", "audit", "audit:destinations"),
    _get("/v1/students/{student_id}/disclosure-accounting", "audit", "audit:accounting", seconds=30.0),
    _get("/v1/students/{student_id}/disclosure-accounting/table", "audit", "audit:accounting", seconds=30.0),
    _get("/v1/students/{student_id}/disclosure-accounting/document", "audit", "audit:accounting", seconds=60.0),
    _get("/v1/disclosure-copies", "audit", "audit:accounting"),
    _get("/v1/disclosure-copies/{copy_id}", "audit", "audit:accounting", seconds=30.0),
    _get("/v1/disclosure-copies/{copy_id}/table", "audit", "audit:accounting", seconds=30.0),
    _send("POST", "/v1/disclosure-copies/{copy_id}/delivery", "audit", "audit:accounting"),
    _open("POST", "/v1/witness/add-checkpoint", "audit", body=64 * KIB, types=TEXT),
    _open("GET", "/v1/witness/{origin_digest}/checkpoint", "audit"),
    _open("POST", "/v1/mirror/add-entries", "audit", body=8 * MIB, types=OCTETS, codings=(b"gzip",)),
    _get("/v1/mirror/{origin_digest}/checkpoint", "audit", "audit:operate"),
    _get("/v1/mirror/{origin_digest}/tile/{path:path}", "audit", "audit:operate"),
)

ROUTES: Final[tuple[Route, ...]] = (*GATEWAY, *PRIVACY, *ACCESS, *RECORDS, *ONEROSTER, *AUDIT)
