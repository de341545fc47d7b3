"""Mutual TLS (RFC 8705): whose certificate a connection was made with, and whether it is the one that a client is registered for.

The handshake proves that the client has the key, and OpenSSL (or the agency's proxy) that the chain is one it was told of. What a client is
is decided here again, from the certificate alone: self-signed ones are told to the handshake as trust anchors too, and make no authority.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from safepassage.canonical import digest_of, sha256, to_base64url
from safepassage.wire_clients import TlsSubject
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import ClientNotAuthenticated

METHODS: Final = ("tls_client_auth", "self_signed_tls_client_auth")
MAX_DER: Final = 16 * 1024
_UNREADABLE: Final = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What is raised of a certificate that is not one of RFC 5280: not all of it is a ValueError."""
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class ClientCertificate:
    """The certificate of a connection; its key took part in the handshake."""

    der: bytes

    @property
    def thumbprint(self) -> str:
        """`x5t#S256`: SHA-256 of the DER, base64url."""
        return to_base64url(sha256(self.der))


@dataclass(frozen=True)
class Authorities:
    """Who may issue certificates of clients, each directly: an intermediate that issues is one of them."""

    certificates: tuple[x509.Certificate, ...] = ()

    @classmethod
    def of(cls, file: Path | None) -> "Authorities":
        """From a PEM file. Raises OSError, ValueError."""
        return cls() if file is None else cls(tuple(x509.load_pem_x509_certificates(file.read_bytes())))

    def require_issued(self, certificate: x509.Certificate) -> None:
        """Raises ClientNotAuthenticated."""
        for authority in self.certificates:
            if authority.subject == certificate.issuer:
                try:
                    certificate.verify_directly_issued_by(authority)
                except (ValueError, TypeError, InvalidSignature):
                    continue
                return
        raise ClientNotAuthenticated("certificate-issuer")


def kid_of(thumbprint: str) -> str:
    """By what a token names the registered certificate that asked for it."""
    return f"tls:{thumbprint}"


def kid_of_name(subject: TlsSubject) -> str:
    """By what a token names it where any certificate will do that is issued to the registered name."""
    return f"tls-name:{digest_of(subject.model_dump_json().encode())}"


def require_certificate(certificate: ClientCertificate, client: KnownClient, authorities: Authorities, *, now: datetime) -> str:
    """Check that it is the client's own. Gives by what a token names it. Raises ClientNotAuthenticated.

    INVARIANT: whatever a handshake or a proxy lets through, none that cannot be read is a fault of ours.
    """
    try:
        return _kid_of(x509.load_der_x509_certificate(certificate.der), certificate.thumbprint, client, authorities, now)
    except _UNREADABLE as error:
        raise ClientNotAuthenticated("certificate-malformed") from error


def _kid_of(parsed: x509.Certificate, thumbprint: str, client: KnownClient, authorities: Authorities, now: datetime) -> str:
    """Raises ClientNotAuthenticated; one of _UNREADABLE where something of it is only found out to be malformed once it is asked for."""
    if not (parsed.not_valid_before_utc <= now <= parsed.not_valid_after_utc and _is_for_clients(parsed)):
        raise ClientNotAuthenticated("certificate-not-valid")
    if client.authentication == "self_signed_tls_client_auth" and thumbprint in client.tls_certificates:
        return kid_of(thumbprint)
    if client.authentication != "tls_client_auth" or client.tls_subject is None:
        raise ClientNotAuthenticated("certificate")
    authorities.require_issued(parsed)
    if not _has(parsed, client.tls_subject):
        raise ClientNotAuthenticated("certificate-subject")
    return kid_of_name(client.tls_subject)


def _is_for_clients(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage


def _has(certificate: x509.Certificate, subject: TlsSubject) -> bool:
    """RFC 8705 section 2.1.2: exactly the one name that is registered."""
    if subject.kind == "subject_dn":
        return certificate.subject == x509.Name.from_rfc4514_string(subject.value)
    kinds: dict[str, Any] = {"san_dns": x509.DNSName, "san_uri": x509.UniformResourceIdentifier, "san_email": x509.RFC822Name}
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if subject.kind == "san_ip":
        return ip_address(subject.value) in names.get_values_for_type(x509.IPAddress)
    return subject.value in names.get_values_for_type(kinds[subject.kind])


def require_subject(subject: TlsSubject) -> None:
    """Raises ValueError for a name that is none."""
    if subject.kind == "subject_dn":
        x509.Name.from_rfc4514_string(subject.value)
    elif subject.kind == "san_ip":
        ip_address(subject.value)


def forwarded_certificate(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The DER that a trusted proxy says of the connection in front of it: RFC 9440's byte sequence, or PEM, percent-encoded, as of nginx.

    None where there is none, more than one, or what is none.
    """
    values: Sequence[bytes] = [value for field, value in fields if field == name]
    if len(values) != 1 or len(values[0]) > 2 * MAX_DER:
        return None
    [value] = values
    try:
        if value.startswith(b":") and value.endswith(b":") and len(value) > 2:
            return base64.b64decode(value[1:-1], validate=True)
        pem = unquote_to_bytes(value)
        if pem.startswith(_PEM):
            return base64.b64decode(b"".join(pem.partition(_PEM)[2].partition(b"-----END")[0].split()), validate=True)
    except (ValueError, binascii.Error):
        return None
    return None
