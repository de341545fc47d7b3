"""Tokens, assertions, proofs and private keys are nowhere but where they belong: not in a log line, not in the store, not in an error."""

import json
import logging
from pathlib import Path

import pytest

from shared.telemetry import JsonLines
from tests.gateway.by_hand import Party, ask, ask_token
from tests.gateway.house import House, claims_of

PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.anyio
async def test_no_secret_is_in_a_log_line_or_in_the_store(
    house: House, reader: Party, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    assertion, proof = reader.assertion(house.now), reader.proof(house.now, "POST", "/oauth/token")
    form = reader.form(house.now, client_assertion=assertion)
    token = str((await ask_token(house.app, reader, house.now, form=form, proof=proof)).json["access_token"])
    answers = [await ask_token(house.app, reader, house.now, form=form, proof=proof)]
    own_proof = reader.proof(house.now, "GET", PATH, token=token)
    answers += [await house.call(reader, token, "GET", PATH, proof=own_proof) for _ in range(2)]
    answers.append(await house.call(reader, token + "x", "GET", PATH))
    answers.append(await ask(house.app, "GET", PATH + "?" + "secret-in-a-query=1"))
    house.behind["records"].answer = (500, [(b"content-type", b"text/plain")], b"canary-of-a-service")
    answers.append(await house.call(reader, token, "GET", PATH))
    await house.entries()
    internal = house.heard().by_name["sp-internal"]
    secrets = {part for jws in (assertion, proof, token, own_proof, internal) for part in jws.split(".")[1:]}
    secrets |= {str(reader.key.as_dict(private=True)["d"]), str(reader.proof_key.as_dict(private=True)["d"]), "secret-in-a-query"}
    secrets |= {claims_of(assertion)["jti"], claims_of(proof)["jti"], "canary-of-a-service"}
    secrets.add(house.app.state.token_keys.current.active._private.private_bytes_raw().hex())
    lines = [JsonLines().format(record) for record in caplog.records] + [record.getMessage() for record in caplog.records]
    printed = "\n".join(lines) + "".join(capsys.readouterr())
    stored = b"".join(path.read_bytes() for path in files_in(tmp_path))
    for secret in secrets:
        assert secret not in printed
        assert secret.encode() not in stored
        assert all(secret.encode() not in answer.body for answer in answers)
    assert len(caplog.records) > 5
    assert reader.client_id.encode() not in b"".join(line.encode() for line in lines if '"request"' in line)


@pytest.mark.anyio
async def test_a_request_is_one_line_without_ids_or_query(house: House, reader: Party, caplog: pytest.LogCaptureFixture) -> None:
    token = await house.token(reader)
    with caplog.at_level(logging.INFO, logger="safe_passage.gateway"):
        caplog.clear()
        await house.call(reader, token, "GET", PATH + "?name=somebody")
    (record,) = [record for record in caplog.records if record.getMessage() == "request"]
    line = JsonLines().format(record)
    said = json.loads(line)
    assert (said["route"].startswith("/v1/exchange-requests/{"), said["status"]) == (True, 200)
    assert "019a0000" not in line
    assert "somebody" not in line
