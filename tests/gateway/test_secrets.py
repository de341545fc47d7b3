"""What lets somebody in is nowhere but where it belongs: not in a log line, not in the store, not in an error."""

import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import text

from shared.keys import write_secret
from shared.telemetry import JsonLines
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask, ask_endpoint, ask_token
from tests.gateway.house import ISSUER, House, claims_of, open_house
from tests.gateway.oauth.codes.flow import CALLBACK, Application, answered, application, person
from tests.gateway.oauth.test_legacy import Legacy
from tests.gateway.oauth.test_legacy import registered as registered_with_a_secret
from tests.gateway.people.openid_provider import CLIENT_KEY
from tests.gateway.people.signing_in import PEOPLE, Browser
from tests.gateway.registration.registering import initial_token, manage, metadata, register, signer

PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"


@pytest.fixture
async def whole(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    """A house with people, and clients with a secret."""
    file = tmp_path / "people-client.json"
    write_secret(file, json.dumps(CLIENT_KEY.as_dict(private=True)).encode())
    settings = PEOPLE | {"people_client_key_file": file, "legacy_clients": True}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **settings) as opened:
        yield opened


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


FORGED = 'forged\r\n{"level":"error","message":"forged"}\x1b[2J\x9b\x85'
PLACES = (
    "accept-language", "authorization", "cookie", "dpop", "forwarded", "host", "idempotency-key", "origin", "referer", "traceparent",
    "tracestate", "user-agent", "x-forwarded-for", "x-request-id",
)  # fmt: skip


@pytest.mark.requirement("DOOR-lines")
@pytest.mark.anyio
async def test_nothing_that_a_request_says_is_in_its_line_nor_makes_another_one(
    house: House, reader: Party, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    token = await house.token(reader)
    caplog.clear()
    for place in PLACES:
        await house.call(reader, token, "GET", PATH, headers=[(place, FORGED)])
        await ask(house.app, "GET", "/sign-in", headers=[(place, FORGED), ("accept", "text/html")])
    quoted = quote(FORGED)
    for path in (f"/{quoted}", f"{PATH}?{quoted}={quoted}", f"/v1/students/{quoted}", f"/console/{quoted}", f"/sign-in?back={quoted}"):
        for method in ("GET", "POST", "FORGED\n{"):
            await ask(house.app, method, path, headers=[("accept", "text/html")])
    asked = 2 * len(PLACES) + 15
    lines = [JsonLines().format(record) for record in caplog.records]
    assert sum(json.loads(line)["message"] == "request" for line in lines) == asked
    assert [line for line in lines if "forged" in line.lower() or "\n" in line] == []


PARAMETERS = ("code", "grant_type", "scope", "resource", "client_id", "client_assertion", "refresh_token", "client_secret")

TABLES = ("session", "given_authorization", "refresh_token", "client_secret", "console_link", "initial_access_token", "registration")
"""In which what is made of them is looked for."""


class Planted:
    """One of each thing that lets somebody in, made by the house and used."""

    app: Application
    browser: Browser
    legacy: Legacy
    registered: Party
    secrets: dict[str, str]

    @classmethod
    async def at(cls, house: House) -> "Planted":
        made, secrets = cls(), {}
        made.browser, made.app, made.legacy = await person(house), await application(house), await registered_with_a_secret(house)
        secrets["session cookie"] = next(iter(made.browser.cookies.values()))
        secrets["form token"] = await made.browser.form_token()
        secrets["verifier"], secrets["client secret"] = made.app.verifier, made.legacy.secret
        secrets["client secret, as Basic"] = made.legacy.basic()[1].partition(" ")[2]
        secrets["bearer token"] = (await made.legacy.token()).rpartition(".")[2]
        secrets["request_uri"] = (name := await made.app.pushed()).rpartition(":")[2]
        secrets["code"] = answered(await made.app.answer(made.browser, name))["code"]
        given = (await made.app.exchange(secrets["code"])).json
        secrets["refresh token"], secrets["access token"] = given["refresh_token"], given["access_token"].rpartition(".")[2]
        secrets["next refresh token"] = (await made.app.refresh(given["refresh_token"])).json["refresh_token"]
        secrets["unused code"] = await made.app.code(made.browser)
        links = [(await house.hand.make_console_link()).partition("#")[2] for _ in range(2)]
        secrets["one-time link"], secrets["unused one-time link"] = links
        operator = Browser(house)
        assert (await _come_in(operator, links[0])).status == 303
        secrets["session cookie by a link"] = next(iter(operator.cookies.values()))
        vendor = await house.organisation("vendor")
        tokens = [await initial_token(house, vendor.id) for _ in range(2)]
        secrets["initial access token"], secrets["unused initial access token"] = tokens
        made.registered = Party("", ISSUER)
        answer = await register(house, metadata(made.registered), token=tokens[0])
        made.registered.client_id = answer.json["client_id"]
        secrets["registration access token"] = answer.json["registration_access_token"]
        publisher = await signer(house)
        for name, about in (("unknown publisher's", {"iss": "https://other.example"}), ("expired", {"exp": 1, "iat": 1})):
            secrets[f"{name} software statement"] = publisher.statement(house.now, **about)
        assert all(len(secret) >= 32 for secret in secrets.values())
        made.secrets = secrets
        return made

    async def used(self, house: House) -> list[Answer]:
        """Each where it belongs, once more."""
        held, name = self.secrets, house.app.state.people.cookie.name
        browser = Browser(house, {name: held["session cookie"]})
        return [
            await browser.get("/signed-in"),
            await browser.post("/sign-out", token=held["form token"]),
            await self.app.push(),
            await self.app.exchange(held["code"]),
            await self.app.exchange(held["unused code"]),
            await self.app.refresh(held["refresh token"]),
            await self.app.refresh(held["next refresh token"]),
            await self.legacy.ask(),
            await self.legacy.ask({"client_id": self.legacy.client_id, "client_secret": self.legacy.secret}, basic=False),
            await _come_in(Browser(house), held["one-time link"]),
            await _come_in(Browser(house), held["unused one-time link"]),
            await register(house, metadata(Party("", ISSUER)), token=held["initial access token"]),
            await register(house, metadata(Party("", ISSUER)), token=held["unused initial access token"]),
            await manage(house, "GET", self.registered.client_id, held["registration access token"]),
        ]


async def _come_in(browser: Browser, link: str) -> Answer:
    headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin"), ("origin", ISSUER)]
    return await browser.go("POST", "/sign-in/link", headers=headers, body=urlencode({"link": link}).encode())


async def _astray(house: House, browser: Browser, secret: str) -> list[Answer]:
    """A secret wherever it does not belong."""
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": "v" * 43}
    forms = [("/oauth/token", form | {name: secret}) for name in (*PARAMETERS, secret)]
    forms += [("/oauth/revoke", {"token": secret}), ("/oauth/introspect", {"token": secret})]
    forms.append(("/oauth/par", {"state": secret, "code_challenge": secret}))
    fields = [[("authorization", f"{scheme} {secret}"), ("dpop", secret)] for scheme in ("DPoP", "Bearer", "Basic", "Digest")]
    fields += [[("authorization", f"DPoP {secret}")], [("cookie", f"__Host-sid={secret}"), (secret, "x")]]
    asked = urlencode({"client_id": secret, "request_uri": secret})
    targets = (f"{PATH}?x={secret}", f"/{secret}", f"/v1/students/{secret}", f"/oauth/register/{secret}")
    return [
        *[await ask_endpoint(house.app, path, about) for path, about in forms],
        *[await ask(house.app, "GET", PATH, headers=headers) for headers in fields],
        *[await ask(house.app, "GET", target) for target in targets],
        await browser.get(f"/oauth/authorize?{asked}"),
        await _come_in(Browser(house), secret + "x"),
        await browser.get(f"/sign-in/callback?{urlencode({'code': secret, 'state': secret, 'iss': secret})}"),
        await register(house, {secret: secret}),
        await register(house, {"software_statement": secret}),
        await register(house, {"client_name": secret, "scope": secret}, token=secret),
    ]


def _where(secrets: dict[str, str], held: str | bytes) -> set[str]:
    """Which of them are in it."""
    return {name for name, secret in secrets.items() if (secret in held if isinstance(held, str) else secret.encode() in held)}


@pytest.mark.anyio
async def test_nothing_that_lets_a_person_or_a_client_in_is_told_or_kept(
    whole: House, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = await Planted.at(whole)
    answers = [answer for secret in planted.secrets.values() for answer in await _astray(whole, planted.browser, secret)]
    assert {answer.status for answer in answers if answer.status < 400} == set()
    answers += await planted.used(whole)
    entries = "".join(event.model_dump_json() for event in await whole.entries())
    stored = b"".join(path.read_bytes() for path in files_in(tmp_path))
    heard = repr([(one.path, one.query, one.headers, one.body) for service in whole.behind.values() for one in service.heard])
    # A store that fails in the midst of each: faults are told with their type, and no more of them.
    async with whole.app.state.database.transaction() as tx:
        for table in TABLES:
            await tx.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    faults = await planted.used(whole)
    assert Counter(answer.status >= 500 for answer in faults) == {True: len(faults) - 1, False: 1}, "all but the pushed request"
    lines = [JsonLines().format(record) for record in caplog.records] + [record.getMessage() for record in caplog.records]
    assert sum('"fault"' in line for line in lines) >= len(faults) - 1
    refused = b"".join(repr(answer.fields).encode() + answer.body for answer in answers + faults if answer.status >= 400)
    told = {"log": "\n".join(lines), "output": "".join(capsys.readouterr()), "entries": entries, "services": heard}
    assert {where: names for where, held in told.items() if (names := _where(planted.secrets, held))} == {}
    assert _where(planted.secrets, stored) == set()
    assert _where(planted.secrets, refused) == set()
