"""`safepassage verify-receipt`: what a parent or a court does with a receipt and the published keys, without a connection."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from safepassage.canonical import digest_of, to_base64url
from safepassage.command import main
from safepassage.consent_receipt import ConsentReceipt, ProcessingParty, Purpose, ReceiptEvent, principal_commitment
from shared.keys import SigningKey

NODE, CONSENT, STUDENT = "https://alder.example", UUID(int=1), UUID(int=2)


def written(folder: Path, key: SigningKey, *, published: SigningKey | None = None) -> list[str]:
    """Receipt and keys as files; the arguments that name them."""
    at = datetime(2026, 10, 1, 12, tzinfo=UTC)
    receipt = ConsentReceipt(
        iss=NODE,
        iat=int(at.timestamp()),
        record_id=CONSENT,
        pii_principal_id=principal_commitment(salt=bytes(32), consent_id=CONSENT, student_id=STUDENT),
        document=digest_of(b"signed paper"),
        signed_on=date(2026, 9, 30),
        purposes=(
            Purpose(purpose="study", pii_information=("identity.name",), recipient_third_parties=("acme",), collection_method="paper"),
        ),
        party_identification=(
            ProcessingParty(party_id="oak", party_role="pii-controller"),
            ProcessingParty(party_id="acme", party_role="recipient"),
        ),
        event=(ReceiptEvent(event_time=at, event_type="granted", event_state="in-force", entity_id="parent"),),
    )
    token = key.sign_compact(typ=receipt.TYPE, payload=receipt.claims())
    (folder / "receipt.json").write_text(json.dumps({"receipt": token, "principal_salt": to_base64url(bytes(32))}))
    (folder / "keys.json").write_text(json.dumps({"issuer": NODE, "keys": [(published or key).jwk]}))
    return ["verify-receipt", str(folder / "receipt.json"), "--keys", str(folder / "keys.json"), "--issuer", NODE]


@pytest.mark.requirement("RIGHTS-receipt")
def test_a_receipt_is_verified_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = written(tmp_path, SigningKey.generate())
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["record_id"] == str(CONSENT)
    assert main([*arguments, "--student", str(STUDENT)]) == 0


@pytest.mark.parametrize("more", [["--student", str(CONSENT)], ["--issuer", "https://birch.example"]])
def test_another_student_or_node_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]) -> None:
    assert main([*written(tmp_path, SigningKey.generate()), *more]) == 2
    assert capsys.readouterr().out == ""


def test_another_key_or_no_receipt_is_refused(tmp_path: Path) -> None:
    assert main(written(tmp_path, SigningKey.generate(), published=SigningKey.generate())) == 2
    arguments = written(tmp_path, SigningKey.generate())
    (tmp_path / "receipt.json").write_text("{}")
    assert main(arguments) == 2
