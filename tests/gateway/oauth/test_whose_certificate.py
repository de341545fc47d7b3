"""RFC 8705 section 2: whose certificate it is, decided from the certificate alone, and how a proxy writes one."""

import base64
import ipaddress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from safepassage.wire_clients import TlsSubject
from services.gateway.oauth.client_certificates import (
    Authorities,
    ClientCertificate,
    forwarded_certificate,
    kid_of,
    kid_of_name,
    require_certificate,
)
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import ClientNotAuthenticated
from tests.gateway.certificates import FROM, UNTIL, Holder, holder

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
DN = "CN=sis.oak.example,O=Oak"
SUBJECT = TlsSubject(kind="subject_dn", value=DN)
PAST, FUTURE = datetime(2026, 10, 20, 11, tzinfo=UTC), datetime(2026, 10, 21, tzinfo=UTC)
AUTHORITY = holder("CN=Agency CA,O=Agency", authority=True)
NAMESAKE = holder("CN=Agency CA,O=Agency", authority=True)
OWN = holder(DN, by=AUTHORITY)
SELF = holder("CN=self")


def client(**about: Any) -> KnownClient:
    members = {"authentication": "tls_client_auth", "tls_subject": TlsSubject(kind="subject_dn", value=DN), **about}
    return KnownClient(
        client_id=str(uuid4()),
        organisation_id=uuid4(),
        organisation_kind="lea",
        role="registrar",
        scopes=frozenset(),
        purposes=(),
        keys={},
        in_force=True,
        **members,
    )


def named(kind: Any, value: str) -> KnownClient:
    return client(tls_subject=TlsSubject(kind=kind, value=value))


def by_self(*thumbprints: str) -> KnownClient:
    return client(authentication="self_signed_tls_client_auth", tls_subject=None, tls_certificates=frozenset(thumbprints))


SEVERAL = holder(
    DN,
    by=AUTHORITY,
    names=(
        x509.DNSName("sis.oak.example"),
        x509.UniformResourceIdentifier("urn:oak:sis"),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
        x509.RFC822Name("sis@oak.example"),
    ),
)

RIGHT: dict[str, tuple[Holder, KnownClient, str]] = {
    "by its distinguished name": (OWN, client(), kid_of_name(SUBJECT)),
    "by a host name": (SEVERAL, named("san_dns", "sis.oak.example"), kid_of_name(TlsSubject(kind="san_dns", value="sis.oak.example"))),
    "by a URI": (SEVERAL, named("san_uri", "urn:oak:sis"), kid_of_name(TlsSubject(kind="san_uri", value="urn:oak:sis"))),
    "by an address": (SEVERAL, named("san_ip", "2001:db8:0::1"), kid_of_name(TlsSubject(kind="san_ip", value="2001:db8:0::1"))),
    "by a mail address": (
        SEVERAL,
        named("san_email", "sis@oak.example"),
        kid_of_name(TlsSubject(kind="san_email", value="sis@oak.example")),
    ),
    "without a usage": (holder(DN, by=AUTHORITY, usage=None), client(), kid_of_name(SUBJECT)),
    "signed by itself": (SELF, by_self(SELF.seen.thumbprint), kid_of(SELF.seen.thumbprint)),
    "one of two that it signed": (SELF, by_self("A" * 43, SELF.seen.thumbprint), kid_of(SELF.seen.thumbprint)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_clients_own_certificate_is_its_own(name: str) -> None:
    given_, of, kid = RIGHT[name]
    assert require_certificate(given_.seen, of, Authorities((NAMESAKE.certificate, AUTHORITY.certificate)), now=NOW) == kid


def with_other_bytes(before: bytes, after: bytes) -> ClientCertificate:
    """Of SEVERAL, and what no program should have made of it."""
    assert SEVERAL.der.count(before) == 1
    return ClientCertificate(SEVERAL.der.replace(before, after))


NAME = "certificate-subject"
CHILD_OF_A_CLIENT = holder(DN, by=holder("CN=self", authority=True))
WRONG: dict[str, tuple[ClientCertificate, KnownClient, str]] = {
    "of another name": (holder("CN=sis.elm.example,O=Elm", by=AUTHORITY).seen, client(), NAME),
    "of the name and more": (holder(DN + ",OU=x", by=AUTHORITY).seen, client(), NAME),
    "of the name in another order": (holder("O=Oak,CN=sis.oak.example", by=AUTHORITY).seen, client(), NAME),
    "of the name in capitals": (holder("CN=SIS.OAK.EXAMPLE,O=Oak", by=AUTHORITY).seen, client(), NAME),
    "with the host name in its subject": (
        holder("CN=sis.oak.example", by=AUTHORITY).seen,
        named("san_dns", "sis.oak.example"),
        NAME,
    ),
    "of a wildcard": (
        holder(DN, by=AUTHORITY, names=(x509.DNSName("*.oak.example"),)).seen,
        named("san_dns", "sis.oak.example"),
        NAME,
    ),
    "with the URI as a host name": (
        holder(DN, by=AUTHORITY, names=(x509.DNSName("urn:oak:sis"),)).seen,
        named("san_uri", "urn:oak:sis"),
        NAME,
    ),
    "of another address": (SEVERAL.seen, named("san_ip", "2001:db8::2"), NAME),
    "signed by itself with the name": (holder(DN).seen, client(), "certificate-issuer"),
    "of an authority of the same name": (holder(DN, by=NAMESAKE).seen, client(), "certificate-issuer"),
    "of a client's that signed itself": (CHILD_OF_A_CLIENT.seen, client(), "certificate-issuer"),
    "of one below the authority": (
        holder(DN, by=holder("CN=Below", by=AUTHORITY, authority=True)).seen,
        client(),
        "certificate-issuer",
    ),
    "the authority's own": (AUTHORITY.seen, client(), NAME),
    "past its time": (
        holder(DN, by=AUTHORITY, valid=(FROM, PAST)).seen,
        client(),
        "certificate-not-valid",
    ),
    "before its time": (
        holder(DN, by=AUTHORITY, valid=(FUTURE, UNTIL)).seen,
        client(),
        "certificate-not-valid",
    ),
    "of a server": (holder(DN, by=AUTHORITY, usage=ExtendedKeyUsageOID.SERVER_AUTH).seen, client(), "certificate-not-valid"),
    "another that signed itself": (holder("CN=self").seen, by_self(SELF.seen.thumbprint), "certificate"),
    "issued, of a client that signs itself": (OWN.seen, by_self(SELF.seen.thumbprint), "certificate"),
    "registered, and past its time": (
        holder("CN=old", valid=(FROM, datetime(2021, 1, 1, tzinfo=UTC))).seen,
        by_self("A" * 43),
        "certificate-not-valid",
    ),
    "of a client with keys and the name": (OWN.seen, client(authentication="private_key_jwt"), "certificate"),
    "of a client with keys": (OWN.seen, client(authentication="private_key_jwt", tls_subject=None), "certificate"),
    "of a client with a secret": (OWN.seen, client(authentication="client_secret", tls_subject=None), "certificate"),
    "not a certificate": (ClientCertificate(b"\x30\x03\x02\x01\x01"), client(), "certificate-malformed"),
    "cut off": (ClientCertificate(OWN.der[:-20]), client(), "certificate-malformed"),
    "of a version that there is not": (
        with_other_bytes(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"),
        client(),
        "certificate-malformed",
    ),
    "an extension twice": (with_other_bytes(b"\x55\x1d\x25", b"\x55\x1d\x11"), client(), "certificate-malformed"),
    "a name of a kind that is not read": (with_other_bytes(b"\x82\x0fsis.oak", b"\x83\x0fsis.oak"), client(), "certificate-malformed"),
    "something after it": (ClientCertificate(OWN.der + b"x"), client(), "certificate-malformed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_certificate_that_is_not_exactly_right_authenticates_nobody(name: str) -> None:
    given_, of, reason = WRONG[name]
    with pytest.raises(ClientNotAuthenticated) as refused:
        require_certificate(given_, of, Authorities((AUTHORITY.certificate,)), now=NOW)
    assert refused.value.reason == reason


def test_without_an_authority_none_issues() -> None:
    with pytest.raises(ClientNotAuthenticated) as refused:
        require_certificate(OWN.seen, client(), Authorities(), now=NOW)
    assert refused.value.reason == "certificate-issuer"


def as_rfc9440(one: Holder) -> str:
    return f":{base64.b64encode(one.der).decode()}:"


def as_nginx(one: Holder) -> str:
    return quote(one.pem.decode(), safe="")


@pytest.mark.parametrize("written", [as_rfc9440, as_nginx])
def test_both_ways_of_writing_a_certificate_are_read(written: Any) -> None:
    assert forwarded_certificate([(b"client-cert", written(OWN).encode())], b"client-cert") == OWN.der
    twice = [(b"client-cert", written(OWN).encode())] * 2
    assert forwarded_certificate(twice, b"client-cert") is None
    assert forwarded_certificate([(b"other", written(OWN).encode())], b"client-cert") is None


@given(st.binary(max_size=200))
def test_what_is_no_certificate_is_none_or_none_that_counts(value: bytes) -> None:
    der = forwarded_certificate([(b"client-cert", value)], b"client-cert")
    if der is not None:
        with pytest.raises(ClientNotAuthenticated):
            require_certificate(ClientCertificate(der), client(), Authorities((AUTHORITY.certificate,)), now=NOW)
