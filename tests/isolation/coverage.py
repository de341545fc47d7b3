"""Every operation of the node's document has its place in the matrix, and why. What has none fails the build."""

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final

from node.documents import ROOT
from services.gateway.door.route import Route, shape
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.scopes import SCOPES

# Names that end as ids do and are no ids of anything that the node keeps: what a source calls a person, a place or a key.
NO_IDS: Final = frozenset(
    {"pairwise_id", "officer_pairwise_id", "person_id", "nces_id", "state_id", "local_id", "state_student_id", "entity_id", "kid"}
    | {"former_district_nces_id", "former_school_nces_id", "custodian_nces_id", "student_unique_id", "educator_id"}
)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The document of the node."""
    whole: dict[str, Any] = json.loads((ROOT / "openapi" / "node.json").read_text())
    return whole


@lru_cache(maxsize=1)
def operations() -> dict[str, tuple[str, str]]:
    """Every operation: its method and path."""
    paths = document()["paths"].items()
    return {operation["operationId"]: (method.upper(), path) for path, members in paths for method, operation in members.items()}


@lru_cache(maxsize=1)
def _routes() -> dict[tuple[str, str], Route]:
    return {(route.method, shape(route.template).replace("{rest}", "{}")): route for route in ROUTES}


def route_of(operation: str) -> Route:
    """The route by which an operation is reached."""
    method, path = operations()[operation]
    return _routes()[method, shape(path)]


def of_the_state_alone(operation: str) -> bool:
    """Whether no client of another organisation can have a scope that opens the operation."""
    return all(SCOPES[scope].kinds == {"sea"} for scope in route_of(operation).scopes)


@cache
def ids_in(operation: str) -> frozenset[str]:
    """The ids of the node's own things that a caller can name in an operation: in path, query and body, arrays included."""
    method, path = operations()[operation]
    described = document()["paths"][path][method.lower()]
    parameters = {one["name"] for one in described.get("parameters", ()) if one["in"] == "path"}
    queried = {one["name"] for one in described.get("parameters", ()) if one["in"] == "query"}
    bodies = described.get("requestBody", {}).get("content", {}).values()
    named = queried | {name for body in bodies for name in _names(body.get("schema", {}), frozenset())}
    return frozenset(parameters) | frozenset(name for name in named if re.search(r"(?:^|_)ids?$", name) and name not in NO_IDS)


def _names(schema: Any, seen: frozenset[str]) -> Iterator[str]:
    if isinstance(schema, list):
        for one in schema:
            yield from _names(one, seen)
    elif isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            yield from _names(document()["components"]["schemas"][reference.rpartition("/")[2]], seen | {reference})
        for key, value in schema.items():
            if key == "properties":
                yield from value
            if key != "$ref":
                yield from _names(value, seen)


_EXCHANGES: Final = "records/exchange/test_foreign_exchanges.py::test_an_exchange_of_another_district_is_one_that_does_not_exist"
_EDUCATORS: Final = "records/exchange/test_educator_requests.py::test_an_agency_asks_for_itself_alone_and_nobody_else_sees_what_it_asked"
_CONFIRMATIONS: Final = "records/exchange/test_transfer_confirmations.py::test_another_districts_transfer_looks_absent"
ELSEWHERE: Final = {
    "audit.begin_blast_radius_count": "audit/test_radius_counts.py::test_nobody_else_has_a_count_under_that_id",
    "audit.log_proof": "audit/test_search.py::test_another_districts_entry_stays_closed",
    "audit.plan_log_export": "audit/exports/test_exports.py::test_plans_and_parts_of_others_are_refused",
    "audit.read_log_entry": "audit/test_search.py::test_another_districts_entry_stays_closed",
    "audit.read_log_export_part": "audit/exports/test_exports.py::test_plans_and_parts_of_others_are_refused",
    "audit.save_search": "audit/test_saved_searches.py::test_another_organisations_saved_search_looks_absent",
    "audit.sign_log_export_manifest": "audit/exports/test_exports.py::test_plans_and_parts_of_others_are_refused",
    "privacy.attest_destruction": "privacy/test_destructions.py::"
    "test_before_the_end_nothing_is_discharged_and_anothers_agreement_looks_absent",
    "privacy.read_destruction_attestation": "privacy/test_destructions.py::test_the_vendors_signed_word_discharges_what_it_owed",
    "records.count_residents": "records/test_residence_counts.py::"
    "test_what_another_had_counted_looks_absent_and_its_cursor_is_of_nobody_else",
    "records.answer_outbox": "records/exchange/test_pulling.py::test_an_answer_that_was_given_to_another_envelope_is_refused",
    "records.create_educator_credential_request": _EDUCATORS,
    "records.list_transfer_notices": _EXCHANGES,
    "records.push_received_record": _EXCHANGES,
    "records.push_to_ed_fi": "records/ed_fi/test_pushing.py::"
    "test_another_partys_system_looks_absent_and_agencies_of_the_record_are_told_how_to_read",
    "records.read_chain_part": "audit/test_chain_entries.py::test_of_another_nodes_exchange_nothing_is_told",
    "records.read_ed_fi_system": "records/ed_fi/test_standings.py::test_a_system_is_seen_by_who_answers_for_it_and_by_the_states_operators",
    "records.read_educator_credential_request": _EDUCATORS,
    "records.read_exchange": "records/exchange/test_listing.py::test_a_district_sees_its_own_alone_and_the_state_all",
    "records.read_exchange_request": _EXCHANGES,
    "records.read_finding": _EXCHANGES,
    "records.read_msix_package": "records/test_msix.py::test_a_mandate_of_another_party_agency_or_none_gives_nobody",
    "records.read_outbox": "records/exchange/test_pulling.py::test_nobody_is_told_what_waits_for_another_and_who_pulls_is_never_called",
    "records.read_receipt": "records/exchange/test_late_receipts.py::test_a_peer_is_told_of_its_own_envelopes_alone",
    "records.read_received_record": _EXCHANGES,
    "records.read_redisclosure_chain": "audit/test_chain_entries.py::test_a_district_sees_the_chains_of_its_own_students_alone",
    "records.read_roster_package": "records/oneroster/test_deltas.py::test_a_package_of_somebody_else_or_of_another_agreement_looks_absent",
    "records.read_transfer_confirmation": _CONFIRMATIONS,
    "records.read_transfer_confirmation_document": _CONFIRMATIONS,
    "records.resolve_transfer_hold": "records/exchange/test_transfer_holds.py::"
    "test_a_person_of_the_custodian_releases_what_is_held_once_and_nobody_else_does",
    "records.revoke_credential": "records/exchange/test_credentials.py::test_another_districts_credential_looks_absent",
    "records.say_what_is_kept": "records/ed_fi/test_left_with_source.py::test_only_the_district_whose_system_it_is_says_what_is_kept",
    "records.send_transfer_notice": _EXCHANGES,
    "records.separate_records": "records/test_unions.py::test_a_record_that_the_caller_may_not_see_is_not_named",
    "records.store_chunk": "records/exchange/test_large_packages.py::test_chunks_come_in_their_place_of_an_announced_body_or_not_at_all",
}
"""What takes more than one node, a whole export or a signature to come about: the test that asks as a stranger there."""

OWN_WORDS: Final = {
    "records.create_exchange_request": "what it names is decided on as in an access evaluation, which the matrix has",
    "records.create_exchange_requests": "as one request",
    "records.create_finding": "the only ids are those of the receiving organisation, which must be the caller's own",
    "records.load_student": "the only ids are the sender's own for what it sends",
    "records.print_hand_carry_copy": "prints what the caller sends, and looks nothing up",
    "records.read_reconciliation_lines": "a day and a stream: what the calling node and this one exchanged, told by its token",
}
"""The ids in them are words of the caller about what the caller sends; nothing of another's can be named."""


@cache
def expected(part: str) -> frozenset[str]:
    """The operations that a part of the matrix must have: those that name something, and that another organisation's client may call."""
    return frozenset(
        operation
        for operation in operations()
        if route_of(operation).accepts in ("clients", "peers")
        and not (route_of(operation).accepts == "clients" and of_the_state_alone(operation))
        and ids_in(operation)
        and operation not in ELSEWHERE
        and operation not in OWN_WORDS
        and part == _part_of(operation)
    )


def _part_of(operation: str) -> str:
    return "oneroster" if operations()[operation][1].startswith("/ims/") else operation.partition(".")[0]
