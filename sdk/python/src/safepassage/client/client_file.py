"""Everything a client needs to know, in one file of mode 0600: which node, who it is, its key, what it asks for."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError, model_validator

from safepassage.client.keys import ClientKey, json_file, write_private
from safepassage.problems.calls import ClientFileUnusable, InsecureAddress
from safepassage.trust_members import is_loopback_http
from safepassage.wire import Code, Wire

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+$", max_length=200)]
"""Scheme, host and port; no path and no slash at the end."""


class ClientFile(Wire):
    """`safepassage-node clients add` writes one; a vendor who makes its own key fills in the rest after registration."""

    v: Literal[1] = 1
    issuer: Origin
    """The node as it calls itself: the audience of assertions, and what proofs name."""
    client_id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
    key: Annotated[dict[str, Any], Field(repr=False)]
    """Private Ed25519 JWK."""
    scopes: Annotated[tuple[str, ...], Field(max_length=32)] = ()
    """What its tokens ask for; nothing named asks for all that is registered."""
    purpose: Code | None = None
    """What its tokens are for; one purpose a token."""
    agreement_id: UUID | None = None
    """The agreement that its tokens read under, and no other; needed to read a roster as OneRoster."""
    url: Origin | None = None
    """Where the node is reached, if not at its issuer."""
    ca_file: str | None = None
    """PEM file of the authority that signed the node's certificate, where that is a private one."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        for url in (self.issuer, self.address):
            if urlsplit(url).scheme != "https" and not is_loopback_http(url):
                raise InsecureAddress
        return self

    @property
    def address(self) -> str:
        """Where to connect to."""
        return self.url or self.issuer

    @property
    def private_key(self) -> ClientKey:
        """Raises ClientFileUnusable."""
        return ClientKey.from_jwk(self.key)

    @classmethod
    def load(cls, path: Path) -> "ClientFile":
        """Raises ClientFileUnusable, InsecureAddress."""
        try:
            loaded = cls.model_validate(json_file(path))
        except ValidationError as error:
            raise ClientFileUnusable(f"{path.name} has not the form of a client file") from error
        _ = loaded.private_key
        return loaded

    def save(self, path: Path) -> None:
        """Write it to a new file, mode 0600. Raises FileExistsError."""
        write_private(path, self.model_dump(mode="json", exclude_none=True))
