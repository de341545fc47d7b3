"""How the node proves to the provider who it is, and what of the settings and their files is not taken."""

import json
import warnings
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from pydantic import ValidationError

from services.gateway.people.client_proof import ClientProof
from services.gateway.people.cookies import Cookie
from services.gateway.settings import GatewaySettings
from shared.keys import KeyFileUnusable, write_secret
from tests.conftest import StandingClock
from tests.gateway.house import open_house
from tests.gateway.people.openid_provider import OpenIdProvider
from tests.gateway.people.signing_in import PEOPLE, Browser

NOW = datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC)
OWN = {"entity_id": "https://node.example", "database_url": "sqlite+inline:///unused", "keys_directory": "/nowhere"}


def settings(**about: Any) -> GatewaySettings:
    """Of a node, valid or not."""
    return GatewaySettings.model_validate(OWN | PEOPLE | about)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256"), "ES256"),
        (OKPKey.generate_key("Ed25519"), "EdDSA"),
        (OKPKey.generate_key("Ed25519", {"alg": "Ed25519"}), "Ed25519"),
        (RSAKey.generate_key(2048), "PS256"),
        (RSAKey.generate_key(2048, {"alg": "RS256"}), "RS256"),
    ],
    ids=["ES256", "EdDSA", "Ed25519", "PS256", "RS256"],
)
def test_a_key_signs_an_assertion_for_the_issuer_alone_for_a_minute(tmp_path: Path, key: Any, algorithm: str) -> None:
    for kid in ("one", None):
        file = tmp_path / f"{kid}.json"
        jwk = {name: value for name, value in key.as_dict(private=True).items() if name != "kid"}
        write_secret(file, json.dumps(jwk | ({} if kid is None else {"kid": kid})).encode())
        proof = ClientProof.of_settings(settings(people_client_key_file=file))
        made = [proof.of(issuer="https://login.example", client_id="the-node", now=NOW) for _ in range(2)]
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):  # of the name EdDSA
            read = [jwt.decode(one.parameters["client_assertion"], key, algorithms=[algorithm]) for one in made]
        assert read[0].header == {"alg": algorithm, "typ": "JWT"} | ({} if kid is None else {"kid": kid})
        seconds = int(NOW.timestamp())
        about = {"iss": "the-node", "sub": "the-node", "aud": "https://login.example", "iat": seconds, "exp": seconds + 60}
        assert {name: value for name, value in read[0].claims.items() if name != "jti"} == about
        assert read[0].claims["jti"] != read[1].claims["jti"]
        assert made[0].headers == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        json.dumps(ECKey.generate_key("P-256").as_dict(private=False)).encode(),
        json.dumps(ECKey.generate_key("P-384").as_dict(private=True)).encode(),
        json.dumps(OctKey.generate_key(256).as_dict(private=True)).encode(),
        json.dumps({**ECKey.generate_key("P-256").as_dict(private=True), "alg": "RS256"}).encode(),
        json.dumps({**ECKey.generate_key("P-256").as_dict(private=True), "alg": "none"}).encode(),
    ],
    ids=["nothing", "a list", "no member", "public", "P-384", "symmetric", "of another algorithm", "of none"],
)
def test_a_file_without_a_private_key_that_may_sign_stops_the_start(tmp_path: Path, content: bytes) -> None:
    write_secret(tmp_path / "key.json", content)
    with pytest.raises(KeyFileUnusable):
        ClientProof.of_settings(settings(people_client_key_file=tmp_path / "key.json"))


def test_a_key_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    file.chmod(0o644)
    with pytest.raises(KeyFileUnusable):
        ClientProof.of_settings(settings(people_client_key_file=file))


@pytest.mark.anyio
async def test_a_provider_that_can_no_better_gets_a_shared_secret_in_the_header(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, provider: OpenIdProvider
) -> None:
    write_secret(tmp_path / "shared", b"a shared: secret/16\n")
    about = PEOPLE | {"people_client_key_file": None, "people_client_credential_file": tmp_path / "shared"}
    about |= {"people_issuer": provider.issuer, "insecure_development": True}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **about) as house:
        await house.organisation("sea")
        assert (await Browser(house).sign_in(provider)).status == 303
    (heard,) = provider.heard
    assert not [name for name in heard if name.startswith("client_")]
    scheme, _, value = heard["authorization"].partition(" ")
    assert (scheme, b64decode(value)) == ("Basic", b"the-node:a+shared%3A+secret%2F16")


def test_a_shared_secret_that_is_too_short_stops_the_start(tmp_path: Path) -> None:
    write_secret(tmp_path / "shared", b"fifteen letters")
    with pytest.raises(KeyFileUnusable):
        ClientProof.of_settings(settings(people_client_key_file=None, people_client_credential_file=tmp_path / "shared"))


@pytest.mark.parametrize(
    "about",
    [
        {"people_issuer": "http://login.example"},
        {"people_issuer": "http://127.0.0.1:1"},
        {"people_issuer": "http://login.example", "insecure_development": True},
        {"people_issuer": "https://login.example/?a=b"},
        {"people_issuer": "https://login.example/#a"},
        {"people_issuer": "https://me@login.example"},
        {"people_issuer": "https:///nowhere"},
        {"people_issuer": "https://login.microsoftonline.com/common/v2.0"},
        {"people_issuer": "https://login.microsoftonline.com/organizations/v2.0"},
        {"people_issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"},
        {"people_client_id": None},
        {"people_roles": {}},
        {"people_roles": {"a": "administrator"}},
        {"people_client_key_file": None},
        {"people_client_credential_file": "/nowhere/shared"},
        {"people_scope": "profile"},
        {"people_signing_algorithm": "none"},
        {"people_signing_algorithm": "HS256"},
        {"people_idle_seconds": 3601},
        {"people_session_seconds": 43_201},
    ],
    ids=str,
)
def test_settings_that_would_let_strangers_in_are_not_taken(about: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**about)


def test_settings_as_they_should_be_are_taken() -> None:
    assert settings().people_issuer
    assert settings(people_issuer="http://127.0.0.1:1", insecure_development=True).people_issuer
    assert settings(people_issuer="https://login.microsoftonline.com/6f1c/v2.0").people_issuer
    assert GatewaySettings.model_validate(OWN).people_issuer is None


def test_a_cookie_has_no_prefix_on_a_developers_machine_alone_and_then_the_port_in_its_name() -> None:
    assert Cookie("sid", origin="https://node.example:8443").name == "__Host-sid"
    developers = Cookie("sid", origin="http://127.0.0.1:8443")
    assert developers.name == "sid-8443"
    assert developers.give("x" * 43) == f"sid-8443={'x' * 43}; Path=/; HttpOnly; SameSite=Lax"
    assert Cookie("sid", origin="https://node.example").give("x") == "__Host-sid=x; Path=/; HttpOnly; SameSite=Lax; Secure"
