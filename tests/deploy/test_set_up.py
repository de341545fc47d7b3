"""What `set-up` of docker-compose.yml makes for its two nodes, each time that it runs."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.folder import NodeFolder
from safepassage.node_statement import verify_node_statement
from safepassage.public_keys import by_kid
from safepassage.trust_list import VerifiedTrustList, verify_first_trust_list, verify_next_trust_lists
from shared.certificates import client_context
from shared.clock import system_clock
from shared.keys import read_secret
from shared.who_may_call import SERVICES
from tests.deploy.test_compose import FROM_SET_UP

DEPLOY = Path(__file__).parents[2] / "deploy"
NODES = ("alder", "birch")
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)

SetUp = Callable[[datetime], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As the image lays it out, where volumes are mounted."""
    for path in ("operator", "postgres", *(f"{node}/public" for node in NODES)):
        (tmp_path / path).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def set_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SetUp:
    for path in ("postgres", "compose"):
        monkeypatch.syspath_prepend(str(DEPLOY / path))
    import set_up as script  # type: ignore[import-not-found]  # noqa: PLC0415 a script of deploy/compose, found by the path above

    return lambda now: script.main(folder, now=now)


def private_files(folder: Path) -> dict[Path, bytes]:
    names = ("*.json", "*.key", "*.password", "password")
    return {path: path.read_bytes() for name in names for path in folder.rglob(name) if "tls" not in path.name}


def first_list(folder: Path, now: datetime) -> VerifiedTrustList:
    digest = dict(line.split("=", 1) for line in (folder / "alder/public/node.env").read_text().splitlines())[
        "SAFE_PASSAGE_TRUST_LIST_DIGEST"
    ]
    document = (folder / "alder/public/trust-list.jws").read_bytes()
    return verify_first_trust_list(document, digest=digest, now=now, development=False)


def test_running_it_again_replaces_no_key(folder: Path, set_up: SetUp) -> None:
    set_up(NOW)
    before = private_files(folder)
    assert len(before) > 40
    set_up(NOW + timedelta(hours=1))
    assert private_files(folder) == before


def test_a_run_that_was_ended_while_it_made_keys_is_repeated(folder: Path, set_up: SetUp) -> None:
    for left in ("audit/internal.json", "records/hpke/2026.json"):
        (folder / "alder/keys" / left).parent.mkdir(parents=True)
        (folder / "alder/keys" / left).write_text("{}")
    set_up(NOW)
    assert len(private_files(folder)) > 40
    assert not [path for path, content in private_files(folder).items() if content == b"{}"]


def test_both_nodes_trust_one_list_and_each_others_statement(folder: Path, set_up: SetUp) -> None:
    set_up(NOW)
    assert (folder / "alder/public/trust-list.jws").read_bytes() == (folder / "birch/public/trust-list.jws").read_bytes()
    trusted = first_list(folder, NOW)
    assert [member.entity_id for member in trusted.content.members] == ["https://alder.localhost:8441", "https://birch.localhost:8442"]
    for node, member in zip(NODES, trusted.content.members, strict=True):
        token = (folder / node / "public/statement.jws").read_text().strip()
        keys = by_kid(member.statement_keys)
        statement = verify_node_statement(token, entity_id=member.entity_id, keys=keys, lowest_serial=1, now=NOW).message
        assert statement.organisation_id == NodeFolder(folder / node).file.organisation_id


def test_a_list_of_yesterday_is_followed_by_a_new_one(folder: Path, set_up: SetUp) -> None:
    set_up(NOW)
    held = first_list(folder, NOW)
    set_up(NOW + timedelta(hours=23))
    assert (folder / "alder/public/trust-list.jws").read_bytes() == held.document
    later = NOW + timedelta(days=8)
    set_up(later)
    document = (folder / "alder/public/trust-list.jws").read_bytes()
    following = verify_next_trust_lists([document], held=held, now=later, development=False)
    assert following.content.serial == 2
    assert following.content.members == held.content.members


def test_the_variables_are_those_that_the_compose_file_relies_on(folder: Path, set_up: SetUp) -> None:
    set_up(NOW)
    for node in NODES:
        lines = (folder / node / "public/node.env").read_text().splitlines()
        assert {line.partition("=")[0] for line in lines} == set(FROM_SET_UP)


def test_each_service_gets_its_own_password_and_the_server_its_verifier_alone(folder: Path, set_up: SetUp) -> None:
    set_up(NOW)
    passwords = {(folder / node / "keys" / service / "database.password").read_text() for node in NODES for service in SERVICES}
    assert len(passwords) == len(NODES) * len(SERVICES)
    for_the_server = {path.name: path.read_text() for path in (folder / "postgres").iterdir()}
    assert set(for_the_server) >= {"password", *(f"{node}_{service}.verifier" for node in NODES for service in SERVICES)}
    assert not any(password in text for password in passwords for text in for_the_server.values())
    for node in NODES:
        for service in SERVICES:
            assert read_secret(folder / node / "keys" / service / "internal.json")
            assert read_secret(folder / node / "keys" / service / "tls.key")


def test_what_a_service_sees_holds_no_key_of_the_operators(folder: Path, set_up: SetUp) -> None:
    set_up(NOW)
    operators = [folder / "operator/root.json", folder / "operator/authority.key"]
    operators += [folder / node / "keys/operator/node-statement.json" for node in NODES]
    seen = [
        path
        for node in NODES
        for part in (*(f"keys/{service}" for service in SERVICES), "public")
        for path in (folder / node / part).rglob("*")
    ]
    contents = [path.read_bytes() for path in seen if path.is_file()]
    assert not any(path.read_bytes() in contents for path in operators)


def shake_hands(keys: Path, client: ssl.SSLContext, host: str) -> None:
    """A whole TLS handshake in memory. Raises SSLCertVerificationError as a client would."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(keys / "tls.crt", keys / "tls.key")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            ends.remove(end)


def test_a_certificate_is_believed_for_its_own_service_by_those_who_were_told_the_authority(folder: Path, set_up: SetUp) -> None:
    set_up(system_clock())  # OpenSSL asks the real clock
    believing = client_context(folder / "birch/public/authorities.pem")
    for node in NODES:
        for service in SERVICES:
            host = f"{node}.localhost" if service == "gateway" else f"{node}-{service}"
            keys = folder / node / "keys" / service
            shake_hands(keys, believing, host)
            if service == "gateway":
                shake_hands(keys, believing, "127.0.0.1")
            with pytest.raises(ssl.SSLCertVerificationError):
                shake_hands(keys, believing, "alder-privacy" if host != "alder-privacy" else "alder-audit")
            with pytest.raises(ssl.SSLCertVerificationError):
                shake_hands(keys, client_context(None), host)


def test_a_certificate_is_renewed_a_month_before_it_ends(folder: Path, set_up: SetUp) -> None:
    set_up(NOW)
    certificate = folder / "alder/keys/records/tls.crt"
    first = certificate.read_bytes()
    set_up(NOW + timedelta(days=59))
    assert certificate.read_bytes() == first
    set_up(NOW + timedelta(days=61))
    assert certificate.read_bytes() != first


def test_tls_older_than_1_2_is_not_spoken() -> None:
    assert client_context(None).minimum_version is ssl.TLSVersion.TLSv1_2
    assert client_context(None).check_hostname
    assert client_context(None).verify_mode is ssl.CERT_REQUIRED
