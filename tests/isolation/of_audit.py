"""What the log has of the first district's students, and what the district keeps there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from services.audit.disclosures import copies
from services.audit.tables import DisclosureCopyRow
from tests.audit.audit_node import disclosure, event
from tests.isolation.of_privacy import Named
from tests.isolation.two_districts import Request, TwoDistricts, new_id
from tests.records.one_state import DISTRICT


async def of_audit(two: TwoDistricts) -> AsyncIterator[Named]:
    """Each operation that names a student, an entry, or something kept."""
    node, oak = two.audit, two.state.by_key[DISTRICT]
    student = (await two.privacy.student()).student_id
    await node.append(
        event("match", student=student, custodian=oak), disclosure(node, student, custodian=oak, originating_organisation=oak)
    )
    child = str(student)
    search: dict[str, Any] = {"student_id": child}
    yield "search_log", "district", Request("POST", "/v1/log/searches", (child,), search)
    saved = new_id(two)
    put = Request("PUT", f"/v1/log/saved-searches/{saved}", (saved,), {"name": "one child", "search": search})
    await two.ask(two.owners["district"], frozenset({"audit:search"}), put)
    yield "run_saved_search", "district", Request("POST", f"/v1/log/saved-searches/{saved}/runs", (saved,), {})
    yield "delete_saved_search", "district", Request("DELETE", f"/v1/log/saved-searches/{saved}", (saved,))
    until = two.state.clock() + timedelta(hours=1)
    radius = {"client_id": "sis-1", "touched_from": "2026-10-01T00:00:00Z", "touched_until": until.isoformat()}
    organisation = str(oak)
    of_organisation = {name: value for name, value in radius.items() if name != "client_id"} | {"organisation_id": organisation}
    of_district = {"bounds": ["2026-10-01T00:00:00Z", until.isoformat()], "tallies": [{"search": {"custodian_ids": [organisation]}}]}
    yield "tally_log", "district", Request("POST", "/v1/log/tallies", (organisation,), of_district)
    yield "measure_blast_radius", "district", Request("POST", "/v1/log/blast-radius", (organisation,), of_organisation)
    yield "list_blast_radius", "district", Request("POST", "/v1/log/blast-radius/rows", (organisation,), of_organisation)
    count = new_id(two)
    counting = Request("PUT", f"/v1/log/blast-radius/counts/{count}", (count,), of_organisation)
    await two.ask(two.owners["district"], frozenset({"audit:search"}), counting)
    yield "read_blast_radius_count", "district", Request("GET", f"/v1/log/blast-radius/counts/{count}", (count,))
    path = f"/v1/students/{child}/disclosure-accounting"
    for name, ending in (
        ("disclosure_accounting", ""),
        ("export_disclosure_accounting_table", "/table"),
        ("export_disclosure_accounting_document", "/document"),
    ):
        yield name, "district", Request("GET", path + ending, (child,))
    assert await copies.make_due(node.app, now=until + timedelta(days=8)) == 1
    async with node.database.reading() as tx:
        copy = str((await tx.execute(select(DisclosureCopyRow.id))).scalar_one())
    path = f"/v1/disclosure-copies/{copy}"
    given = {"handed_over_at": two.state.clock().isoformat(), "evidence_ref": "registered-letter-17"}
    yield "read_disclosure_copy_table", "state", Request("GET", f"{path}/table", (copy,))
    yield "record_disclosure_copy_delivery", "state", Request("POST", f"{path}/delivery", (copy,), given)
    yield "read_disclosure_copy", "district", Request("GET", path, (copy,))
