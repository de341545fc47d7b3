"""Who holds the root keys of a service that seals (privacy, records, audit). Names and places only: PIN, token, credentials are files."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from shared.settings import ServiceSettings

KeyProviderName = Literal["file", "pkcs11", "aws-kms", "transit"]

NEEDED: Final[dict[KeyProviderName, tuple[str, ...]]] = {
    "file": (),
    "pkcs11": ("root_key_name", "pkcs11_module_file", "pkcs11_token", "pkcs11_pin_file"),
    "aws-kms": ("root_key_name", "aws_kms_region"),
    "transit": ("root_key_name", "transit_url", "transit_token_file"),
}


class SealingSettings(ServiceSettings):
    """Settings of a service that seals what it stores; docs/keys.md says how to choose."""

    key_provider: Annotated[
        KeyProviderName,
        Field(
            description="Who holds the keys that wrap this service's key-encryption key: `file` (nobody: it is a file), `pkcs11` "
            "(a security module), `aws-kms`, or `transit` (OpenBao, HashiCorp Vault). docs/keys.md."
        ),
    ] = "file"
    root_key_name: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,64}$",
            description="What the provider calls this node's root keys: `<name>-<service>` is the label in the token, the alias in KMS, "
            "the key in transit.",
        ),
    ] = None
    root_key_lease_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=86_400,
            description="For how long the service works on without the provider's word. It asks every third of it; refused, it stops at "
            "once.",
        ),
    ] = 300.0
    pkcs11_module_file: Annotated[Path | None, Field(description="The PKCS#11 library of the security module.")] = None
    pkcs11_token: Annotated[str | None, Field(description="Label of the token.")] = None
    pkcs11_pin_file: Annotated[Path | None, Field(description="File with the token user's PIN, mode 0600.")] = None
    aws_kms_region: Annotated[str | None, Field(description="The region of the KMS keys, such as `us-gov-west-1`.")] = None
    aws_kms_endpoint: Annotated[str | None, Field(description="URL of a VPC endpoint with a name of its own; else AWS's.")] = None
    aws_credentials_file: Annotated[
        Path | None, Field(description="AWS credentials file, mode 0600, where the process has no role to take them from.")
    ] = None
    transit_url: Annotated[str | None, Field(description="https URL of OpenBao or Vault.")] = None
    transit_mount: Annotated[str, Field(description="Path at which the transit engine is mounted.")] = "transit"
    transit_token_file: Annotated[Path | None, Field(description="File with a token, mode 0600, which an agent renews.")] = None
    transit_authorities_file: Annotated[
        Path | None, Field(description="PEM file of the only certificate authorities believed for transit's https; else the system's.")
    ] = None

    @model_validator(mode="after")
    def _provider_is_told(self) -> Self:
        missing = [f"SAFE_PASSAGE_{name.upper()}" for name in NEEDED[self.key_provider] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"the key provider {self.key_provider} needs {', '.join(missing)}")
        for url in (self.transit_url, self.aws_kms_endpoint):
            if url is not None and not url.startswith("https://") and not self.insecure_development:
                raise ValueError("a key provider is reached by https (or ask for insecure_development by name)")
        return self
