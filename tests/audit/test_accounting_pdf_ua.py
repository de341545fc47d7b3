"""The accounting for a family is PDF/UA-1 (ISO 14289-1) not by its own word alone: veraPDF finds nothing. `make test-pdf`."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from safepassage.wire_log import DisclosureAccounting
from services.audit.disclosures.accounting_document import Language, accounting_document
from tests.audit.audit_node import OAK, VENDOR
from tests.audit.test_accounting import rule

pytestmark = pytest.mark.pdf

DRAWN_AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def checker() -> str:
    """Its jar."""
    jar = os.environ.get("SAFE_PASSAGE_TEST_VERAPDF")  # noqa: TID251 how the script tells the tests
    if not jar:
        pytest.skip("needs veraPDF: make test-pdf")
    return jar


def verdict(checker: str, file: Path) -> str:
    """PASS or FAIL, and the rules that are broken."""
    command = ["java", "-Xmx300m", "-cp", checker, "org.verapdf.apps.GreenfieldCliWrapper", "--flavour", "ua1", "--format", "text", "-v"]
    return subprocess.run([*command, str(file)], capture_output=True, text=True, check=False).stdout.strip()


def accounting(entries: int) -> DisclosureAccounting:
    given = rule("disclosure", basis="transfer", purpose="enrollment", elements=("identity.name",), recipient_organisation=str(VENDOR))
    refused = rule("decision", outcome="deny", basis="consent", purpose="study", recipient_organisation=str(OAK))
    told = [one for one in (given, refused) if one is not None]
    assert len(told) == 2
    return DisclosureAccounting(student_id=uuid4(), entries=tuple(told * entries), checkpoint="")


@pytest.mark.requirement("LOG-ACCOUNTING")
@pytest.mark.parametrize("entries", [0, 20], ids=["nothing on record", "several pages"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_verapdf_finds_nothing_in_the_accounting_for_a_family(checker: str, tmp_path: Path, language: Language, entries: int) -> None:
    file = tmp_path / "accounting.pdf"
    file.write_bytes(accounting_document(accounting(entries), {str(VENDOR): "Vendor Inc."}, drawn_at=DRAWN_AT, language=language))
    assert verdict(checker, file) == f"PASS {file}"


def test_verapdf_finds_it_where_a_document_claims_nothing(checker: str, tmp_path: Path) -> None:
    file = tmp_path / "accounting.pdf"
    file.write_bytes(accounting_document(accounting(1), {str(VENDOR): "学校"}, drawn_at=DRAWN_AT))
    assert verdict(checker, file).startswith(f"FAIL {file}")
