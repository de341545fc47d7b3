"""Make a new password for a database role, and its SCRAM-SHA-256 verifier for roles.sql (RFC 5802, RFC 7677). Standard library only.

    python verifier.py PASSWORD_FILE VERIFIER_FILE

The password goes to the service alone, the verifier to the database alone. An existing password is kept; its verifier is made again.
"""

import base64
import hashlib
import hmac
import os
import secrets
import sys
from pathlib import Path

ITERATIONS = 4096
"""PostgreSQL's own number; the password is 256 random bits, so that guessing is no matter."""


def new_password(path: Path) -> str:
    """The password in `path`, mode 0600, made if there is none."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


def verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL stores: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${ITERATIONS}:{salt64}${stored64}:{server64}"


def main(password_file: str, verifier_file: str) -> None:
    """Make both files."""
    password = new_password(Path(password_file))
    Path(verifier_file).write_text(verifier(password, secrets.token_bytes(16)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
