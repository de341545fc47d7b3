"""A private certificate authority for two nodes on one machine, and a certificate for each of their services.

Between agencies a public authority vouches for a gateway, and each agency's own for its services (docs/deployment.md).
"""

from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.keys import write_secret

AUTHORITY_LASTS = timedelta(days=730)
CERTIFICATE_LASTS = timedelta(days=90)
RENEWED_BEFORE = timedelta(days=30)
LOOPBACK = IPv4Address("127.0.0.1")


class Authority:
    """The authority's key and certificate, in two files of a folder."""

    def __init__(self, folder: Path, *, now: datetime) -> None:
        self._key_file, self.file = folder / "authority.key", folder / "authorities.pem"
        if not self._key_file.exists():
            self._make(now)
        key = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is not one that this file made")
        self._key, self._certificate = key, x509.load_pem_x509_certificate(self.file.read_bytes())

    def _make(self, now: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Safe Passage, this machine only")])
        builder = _builder(name, name, key, now, AUTHORITY_LASTS, key)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        certificate = builder.add_extension(_usage(authority=True), critical=True).sign(key, hashes.SHA256())
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        _save(key, self._key_file)

    def certify(self, folder: Path, *, host: str, published: bool, now: datetime) -> bool:
        """Make `tls.crt` and `tls.key` for `host` in `folder`, unless those there have 30 days left. Says whether it did.

        published  the service is reached from this machine as well, at 127.0.0.1
        """
        certificate_file, key_file = folder / "tls.crt", folder / "tls.key"
        if certificate_file.exists() and _ends(certificate_file) - now > RENEWED_BEFORE:
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = _builder(name, self._certificate.subject, key, now, CERTIFICATE_LASTS, self._key)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(authority=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        names = [x509.DNSName(host), *([x509.IPAddress(LOOPBACK)] if published else [])]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        key_file.unlink(missing_ok=True)
        _save(key, key_file)
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return True


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lasts: timedelta,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    """What both kinds of certificate have. An hour back, for clocks that are a little behind."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _ends(file: Path) -> datetime:
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc


def _save(key: ec.EllipticCurvePrivateKey, file: Path) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_secret(file, pem)
