"""Certificates made for tests: an authority, what it issues, and what signs itself."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from services.gateway.oauth.client_certificates import ClientCertificate

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)

SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


@dataclass(frozen=True)
class Holder:
    """A certificate, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def seen(self) -> ClientCertificate:
        """As the gateway sees it."""
        return ClientCertificate(self.der)

    def save(self, folder: Path, name: str) -> tuple[Path, Path]:
        """The files of certificate and key."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.pem)
        key.write_bytes(self.key_pem)
        return certificate, key


def holder(
    name: str = "CN=sis.oak.example,O=Oak",
    *,
    by: Holder | None = None,
    authority: bool = False,
    names: tuple[x509.GeneralName, ...] = (),
    usage: Any = ExtendedKeyUsageOID.CLIENT_AUTH,
    valid: tuple[datetime, datetime] = (FROM, UNTIL),
) -> Holder:
    """A new key with a certificate; `by` None: signed by itself. As RFC 5280 section 4.2.1 has it, by which Python 3.13 holds."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string(name)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject if by is None else by.certificate.subject)
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(valid[0]).not_valid_after(valid[1])
    made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    issuer = (key if by is None else by.key).public_key()
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
    if authority:
        made = made.add_extension(SIGNS_CERTIFICATES, critical=True)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usage is not None and not authority:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Holder(made.sign(key if by is None else by.key, SHA256()), key)


def server_certificate(authority: Holder) -> Holder:
    """For 127.0.0.1."""
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return holder("CN=node.example", by=authority, names=(address, x509.DNSName("node.example")), usage=ExtendedKeyUsageOID.SERVER_AUTH)
