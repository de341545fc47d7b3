"""Root keys in AWS KMS: a symmetric KMS key for each version, known by its alias `alias/<name>/<version>`.

The context is KMS's encryption context, so CloudTrail shows for which service and version a key was unwrapped. A key that is to be
destroyed can be used no more at once; KMS destroys it after 7 days, until when an administrator can call it back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from shared.root_keys.root_key import KEY_BYTES, Context, Generated, RootKeyRefused, RootKeyUnreachable

PENDING_DAYS = 7
"""The shortest that KMS allows."""
_PATIENCE = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
_REFUSED = frozenset(
    {
        "AccessDeniedException",
        "DisabledException",
        "IncorrectKeyException",
        "InvalidCiphertextException",
        "InvalidGrantTokenException",
        "InvalidKeyUsageException",
        "KMSInvalidStateException",
        "NotFoundException",
        "ValidationException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
    }
)


class KmsRootKey:
    """The root keys called `name` in one account and region; credentials as every AWS client finds them (a role, best)."""

    def __init__(self, *, name: str, region: str, endpoint: str | None = None, credentials_file: Path | None = None) -> None:
        """Asks KMS nothing yet. `endpoint` for a VPC endpoint of a name of its own."""
        session = Session()
        if credentials_file is not None:
            session.set_config_variable("credentials_file", str(credentials_file))
        self._name = name
        self._kms: Any = session.create_client("kms", region_name=region, endpoint_url=endpoint, config=_PATIENCE)

    def generate(self, version: int, *, context: Context) -> Generated:
        """Raises RootKeyUnreachable, RootKeyRefused."""
        with _said():
            self._make(version)
            made = self._kms.generate_data_key(KeyId=self._alias(version), NumberOfBytes=KEY_BYTES, EncryptionContext=dict(context))
        return Generated(made["Plaintext"], made["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, *, version: int, context: Context) -> bytes:
        """Names the key that it expects, whatever the wrapped key says of itself. Raises RootKeyUnreachable, RootKeyRefused."""
        with _said():
            opened = self._kms.decrypt(KeyId=self._alias(version), CiphertextBlob=wrapped, EncryptionContext=dict(context))
        key: bytes = opened["Plaintext"]
        return key

    def destroy(self, version: int, *, wrapped: bytes) -> None:
        """Schedule the key's deletion: from now on it opens nothing. Raises RootKeyUnreachable, RootKeyRefused."""
        with _said():
            try:
                about = self._kms.describe_key(KeyId=self._alias(version))["KeyMetadata"]
            except ClientError as error:
                if _code(error) == "NotFoundException":
                    return
                raise
            if about["KeyState"] != "PendingDeletion":
                self._kms.schedule_key_deletion(KeyId=about["KeyId"], PendingWindowInDays=PENDING_DAYS)

    def close(self) -> None:
        """Close its connections."""
        self._kms.close()

    def _alias(self, version: int) -> str:
        return f"alias/{self._name}/{version}"

    def _make(self, version: int) -> None:
        """A key under the version's alias, if there is none. Of two processes at once the second's key is given up again."""
        try:
            self._kms.describe_key(KeyId=self._alias(version))
        except ClientError as error:
            if _code(error) != "NotFoundException":
                raise
        else:
            return
        key_id = self._kms.create_key(Description=f"Safe Passage, key-encryption {self._name} version {version}")["KeyMetadata"]["KeyId"]
        try:
            self._kms.create_alias(AliasName=self._alias(version), TargetKeyId=key_id)
        except ClientError as error:
            self._kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=PENDING_DAYS)
            if _code(error) != "AlreadyExistsException":
                raise


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = _code(error)
        if code in _REFUSED:
            raise RootKeyRefused(f"KMS refused: {code}") from error
        raise RootKeyUnreachable(f"KMS does not answer: {code}") from error
    except BotoCoreError as error:  # no connection, no time, no credentials
        raise RootKeyUnreachable(f"KMS does not answer: {type(error).__name__}") from error
