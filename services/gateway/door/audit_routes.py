"""The routes of audit, as the routing table has them: the log, searches, alerts, exports, retention, and what witnesses send."""

from typing import Final

from services.gateway.door.route import KIB, MIB, anonymous, get, keyed, send

OCTETS: Final = ("application/octet-stream",)
TEXT: Final = ("text/plain", "application/octet-stream", "")
"""Of a protocol that names no type for its bodies; its clients send any of these, or none."""

ALERTS: Final = ("alerts:read", "alerts:review")
RETENTION: Final = ("retention:hold", "retention:destroy", "retention:approve")

AUDIT: Final = (
    get("/v1/log/checkpoint", "audit", "audit:operate"),
    get("/v1/log/tile/{path:path}", "audit", "audit:operate"),
    get("/v1/log/consistency", "audit", "audit:operate", "audit:search"),
    get("/v1/log/keys", "audit", "audit:operate", "audit:search"),
    get("/v1/log/witnesses", "audit", "audit:operate"),
    get("/v1/log/entries/{index}", "audit", "audit:operate", "audit:search"),
    get("/v1/log/entries/{index}/proof", "audit", "audit:operate", "audit:search"),
    send("POST", "/v1/log/searches", "audit", "audit:search", seconds=30.0),
    get("/v1/log/saved-searches", "audit", "audit:search"),
    send("PUT", "/v1/log/saved-searches/{saved_search_id}", "audit", "audit:search"),
    send("DELETE", "/v1/log/saved-searches/{saved_search_id}", "audit", "audit:search", body=0, types=()),
    send("POST", "/v1/log/saved-searches/{saved_search_id}/runs", "audit", "audit:search", seconds=30.0),
    send("POST", "/v1/log/tallies", "audit", "audit:search", seconds=30.0),
    send("POST", "/v1/log/blast-radius", "audit", "audit:search", seconds=120.0),
    send("PUT", "/v1/log/blast-radius/counts/{count_id}", "audit", "audit:search"),
    get("/v1/log/blast-radius/counts/{count_id}", "audit", "audit:search"),
    send("POST", "/v1/log/blast-radius/rows", "audit", "audit:search", seconds=30.0),
    get("/v1/log/alerts", "audit", *ALERTS, seconds=30.0),
    get("/v1/log/alerts/{alert_id}", "audit", *ALERTS),
    keyed("POST", "/v1/log/alerts/{alert_id}/acknowledgements", "audit", "alerts:review"),
    get("/v1/log/alert-reviews", "audit", *ALERTS),
    keyed("POST", "/v1/log/alert-reviews", "audit", "alerts:review"),
    get("/v1/log/retention-classes", "audit", *RETENTION),
    get("/v1/log/holds", "audit", "retention:hold"),
    keyed("POST", "/v1/log/holds", "audit", "retention:hold"),
    keyed("POST", "/v1/log/holds/{hold_id}/lift", "audit", "retention:hold"),
    get("/v1/log/destructions", "audit", *RETENTION),
    get("/v1/log/destructions/{destruction_id}", "audit", *RETENTION),
    keyed("POST", "/v1/log/destructions", "audit", "retention:destroy", seconds=30.0),
    keyed("POST", "/v1/log/destructions/{destruction_id}/approvals", "audit", "retention:approve"),
    keyed("POST", "/v1/log/destructions/{destruction_id}/call-off", "audit", *RETENTION),
    send("POST", "/v1/log/exports", "audit", "audit:export"),
    send("POST", "/v1/log/exports/parts", "audit", "audit:export", body=256 * KIB, seconds=60.0),
    send("POST", "/v1/log/exports/manifest", "audit", "audit:export", body=4 * MIB, seconds=30.0),
    get("/v1/log/destinations", "audit", "audit:destinations"),
    get("/v1/log/destinations/{destination_id}", "audit", "audit:destinations"),
    send("PUT", "/v1/log/destinations/{destination_id}", "audit", "audit:destinations"),
    send("DELETE", "/v1/log/destinations/{destination_id}", "audit", "audit:destinations", body=0, types=()),
    send("POST", "/v1/log/destinations/{destination_id}/secret-rotation", "audit", "audit:destinations"),
    send("POST", "/v1/log/destinations/{destination_id}/ping", "audit", "audit:destinations", body=0, types=(), seconds=30.0),
    send("POST", "/v1/log/destinations/{destination_id}/pause", "audit", "audit:destinations", body=0, types=()),
    send("POST", "/v1/log/destinations/{destination_id}/resumption", "audit", "audit:destinations", body=0, types=()),
    send("POST", "/v1/log/destinations/{destination_id}/replays", "audit", "audit:destinations"),
    get("/v1/students/{student_id}/disclosure-accounting", "audit", "audit:accounting", seconds=30.0),
    get("/v1/students/{student_id}/disclosure-accounting/table", "audit", "audit:accounting", seconds=30.0),
    get("/v1/students/{student_id}/disclosure-accounting/document", "audit", "audit:accounting", seconds=60.0),
    get("/v1/disclosure-copies", "audit", "audit:accounting"),
    get("/v1/disclosure-copies/{copy_id}", "audit", "audit:accounting", seconds=30.0),
    get("/v1/disclosure-copies/{copy_id}/table", "audit", "audit:accounting", seconds=30.0),
    send("POST", "/v1/disclosure-copies/{copy_id}/delivery", "audit", "audit:accounting"),
    anonymous("POST", "/v1/witness/add-checkpoint", "audit", body=64 * KIB, types=TEXT),
    anonymous("GET", "/v1/witness/{origin_digest}/checkpoint", "audit"),
    anonymous("POST", "/v1/mirror/add-entries", "audit", body=8 * MIB, types=OCTETS, codings=(b"gzip",)),
    get("/v1/mirror/{origin_digest}/checkpoint", "audit", "audit:operate"),
    get("/v1/mirror/{origin_digest}/tile/{path:path}", "audit", "audit:operate"),
)
