"""RFC 8705 over real TLS: the handshake proves the key, the gateway decides whose certificate it is."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import uvicorn

from node.server import server
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer
from tests.gateway.certificates import Holder, holder, server_certificate
from tests.gateway.house import House, claims_of, open_house
from tests.gateway.oauth.test_client_certificates import registered
from tests.gateway.oauth.test_whose_certificate import DN, as_nginx, as_rfc9440

PATH = "/v1/decisions"
AUTHORITY = holder("CN=Agency CA,O=Agency", authority=True)
OWN, SELF = holder(DN, by=AUTHORITY), holder("CN=self", authority=True)


class Secure:
    """A gateway that speaks TLS, and who comes to it."""

    def __init__(self, house: House, port: int, folder: Path) -> None:
        self.house, self.port, self.folder = house, port, folder

    async def ask(self, certificate: Holder | None, method: str, path: str, *fields: str, form: dict[str, str] | None = None) -> Answer:
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if certificate is not None:
            context.load_cert_chain(*certificate.save(self.folder, "client"))
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context)
        body = b"" if form is None else urlencode(form).encode()
        kind = [] if form is None else ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: node.example", "Connection: close", *kind, *fields])
        writer.write(head.encode() + b"\r\n\r\n" + body)
        async with asyncio.timeout(10):
            whole = await reader.read()
        writer.close()
        status, _, rest = whole.partition(b"\r\n")
        return Answer(int(status.split(b" ")[1]), [], rest.partition(b"\r\n\r\n")[2])

    async def token(self, certificate: Holder | None, client_id: str, *fields: str) -> Answer:
        form = {"grant_type": "client_credentials", "client_id": client_id}
        return await self.ask(certificate, "POST", "/oauth/token", *fields, form=form)


@asynccontextmanager
async def _serving(house: House, folder: Path) -> AsyncIterator[int]:
    certificate, key = server_certificate(AUTHORITY).save(folder, "server")
    files = house.settings.client_certificate_files
    made = server(house.app, host="127.0.0.1", port=0, tls_certificate=certificate, tls_key=key, client_certificates=files)
    made.config.lifespan = "off"
    running = uvicorn.Server(made.config)
    task = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110 uvicorn offers no event
        await asyncio.sleep(0.005)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    await task


@pytest.fixture
async def secure(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[Secure]:
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.pem)
    (tmp_path / "self.pem").write_bytes(SELF.pem)
    files = {"client_certificate_authorities": tmp_path / "ca.pem", "self_signed_client_certificates": tmp_path / "self.pem"}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **files) as house, _serving(house, tmp_path) as port:
        yield Secure(house, port, tmp_path)


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-certificate")
async def test_a_client_comes_in_by_the_certificate_of_its_connection(secure: Secure) -> None:
    sis = await registered(secure.house)
    answer = await secure.token(OWN, sis.client_id)
    assert answer.status == 200, answer.body
    token = answer.json["access_token"]
    assert claims_of(token)["cnf"] == {"x5t#S256": OWN.seen.thumbprint}
    bearer = f"Authorization: Bearer {token}"
    assert (await secure.ask(OWN, "GET", PATH, bearer)).status == 200
    for other in (None, holder(DN, by=AUTHORITY), SELF):
        assert (await secure.ask(other, "GET", PATH, bearer)).status == 401


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-certificate")
async def test_a_certificate_that_a_client_signed_itself_makes_no_other_clients(secure: Secure) -> None:
    sis = await registered(secure.house)
    about = {"authentication": "self_signed_tls_client_auth", "tls_subject": None, "tls_certificates": (SELF.seen.thumbprint,)}
    own = await registered(secure.house, **about)
    assert (await secure.token(SELF, own.client_id)).status == 200
    # The handshake takes it for an authority, since it was told of it: the gateway does not.
    forged = holder(DN, by=SELF)
    refused = await secure.token(forged, sis.client_id)
    assert (refused.status, json.loads(refused.body)["error"]) == (401, "invalid_client")
    assert (await secure.token(SELF, sis.client_id)).status == 401
    reasons = [event.context.reason for event in await secure.house.entries() if event.class_ == "refusal"]
    assert set(reasons) == {"certificate-issuer", "certificate-subject"} or set(reasons) == {"certificate-issuer"}


@pytest.mark.anyio
async def test_who_was_told_of_to_nobody_does_not_get_through_the_handshake(secure: Secure) -> None:
    sis = await registered(secure.house)
    for stranger in (holder(DN), holder(DN, by=holder("CN=Agency CA,O=Agency", authority=True))):
        with pytest.raises((ssl.SSLError, ConnectionError, IndexError)):
            await secure.token(stranger, sis.client_id)


SUITES = {f"ECDHE-{kind}-{suite}" for kind in ("ECDSA", "RSA") for suite in ("AES128-GCM-SHA256", "AES256-GCM-SHA384")}


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-certificate")
async def test_of_tls_1_2_the_suites_are_taken_that_fapi_names_and_no_others(secure: Secure) -> None:
    """FAPI 2.0 section 5.2.2: those that RFC 9325 section 4.2 recommends."""

    async def shakes_hands(ciphers: str, version: ssl.TLSVersion) -> bool:
        context = ssl.create_default_context(cafile=secure.folder / "ca.pem")
        context.minimum_version = context.maximum_version = version
        context.set_ciphers(ciphers)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", secure.port, ssl=context)
        except (ssl.SSLError, ConnectionError):
            return False
        writer.close()
        return True

    for suite in sorted(SUITES):
        assert await shakes_hands(suite, ssl.TLSVersion.TLSv1_2) == ("ECDSA" in suite), suite  # the server's key is of a curve
    for others in ("ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES256-CCM"):
        assert not await shakes_hands(others, ssl.TLSVersion.TLSv1_2), others
    assert await shakes_hands("DEFAULT", ssl.TLSVersion.TLSv1_3)
    files = {"tls_certificate": secure.folder / "server.pem", "tls_key": secure.folder / "server.key"}
    made = server(secure.house.app, host="127.0.0.1", port=0, **files)
    made.config.load()
    assert made.config.ssl is not None
    assert {one["name"] for one in made.config.ssl.get_ciphers() if one["protocol"] != "TLSv1.3"} == SUITES
    assert made.config.ssl.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.anyio
async def test_a_field_of_the_header_is_no_certificate(secure: Secure) -> None:
    sis = await registered(secure.house)
    for written in (as_rfc9440(OWN), as_nginx(OWN)):
        for name in ("Client-Cert", "X-Client-Cert", "SSL-Client-Cert", "X-SSL-Client-Cert"):
            assert (await secure.token(None, sis.client_id, f"{name}: {written}")).status == 400


@pytest.mark.anyio
async def test_who_comes_without_a_certificate_comes_in_as_ever(secure: Secure) -> None:
    party = await secure.house.sea_party("decisions:read")
    token = await secure.house.token(party)
    proof = party.proof(secure.house.now, "GET", PATH, token=token)
    assert (await secure.ask(None, "GET", PATH, f"Authorization: DPoP {token}", f"DPoP: {proof}")).status == 200
