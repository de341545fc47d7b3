"""The Ed-Fi systems that a node knows: a file of the operator's, with secrets by their files."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError, model_validator

from safepassage.problems.ed_fi import NoSuchEdFiSystem
from safepassage.trust_members import is_loopback_http
from safepassage.wire import Wire
from shared.keys import KeyFileUnusable

Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+[^/]$", max_length=500)]


class EdFiSystem(Wire):
    """An Ed-Fi ODS/API, or another system with its API."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    organisation_id: UUID
    """Whose system it is: what is pulled is loaded as this organisation's, what is pushed is disclosed to it."""
    url: Url
    """Its base, for example https://ods.example/v7.2/api."""
    token_url: Url | None = None
    """Where its tokens are; `<url>/oauth/token` if left out."""
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-9;-~]+$")]
    secret_file: Path
    """File with the client's secret, mode 0600."""
    data_standard: Literal[5, 6] = 5
    """The version in which it takes what is pushed. What is pulled is read in either."""
    use_snapshot: bool = False
    """Read from the snapshot that the system's host makes."""
    pulled_every_hours: Annotated[int, Field(ge=1, le=744)] = 24
    """How often the operator's schedule runs the job that pulls from it. Where it was not run for twice as long, the console says so."""

    @model_validator(mode="after")
    def _by_tls(self) -> "EdFiSystem":
        for url in (self.url, self.token_address):
            # INVARIANT: neither a secret nor a child's record goes in clear to another machine.
            if not url.startswith("https://") and not is_loopback_http(url):
                raise ValueError("an address is https, or of this machine")
        return self

    @property
    def pulled_every(self) -> timedelta:
        """From one pull to the next."""
        return timedelta(hours=self.pulled_every_hours)

    @property
    def host(self) -> str:
        """Of its address, with the port where it has one of its own; never who signs in there."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}{'' if parts.port is None else f':{parts.port}'}"

    @property
    def token_address(self) -> str:
        """Where a token is asked for."""
        return self.token_url or f"{self.url}/oauth/token"

    @property
    def data(self) -> str:
        """Below which the resources of the standard are."""
        return f"{self.url}/data/v3/ed-fi"

    @property
    def change_versions(self) -> str:
        """What tells the newest change."""
        return f"{self.url}/changeQueries/v1/availableChangeVersions"


class EdFiSystems(Wire):
    """The file."""

    systems: Annotated[tuple[EdFiSystem, ...], Field(max_length=200)]

    @model_validator(mode="after")
    def _each_once(self) -> "EdFiSystems":
        if len({one.name for one in self.systems}) != len(self.systems):
            raise ValueError("two systems have one name")
        return self

    def named(self, name: str, *, organisation_id: UUID | None = None) -> EdFiSystem:
        """A system, of one organisation if it is said whose. Raises NoSuchEdFiSystem."""
        for one in self.systems:
            if one.name == name and organisation_id in (None, one.organisation_id):
                return one
        raise NoSuchEdFiSystem


def systems_in(path: Path | None) -> EdFiSystems:
    """The systems of a file; none without one. Raises KeyFileUnusable, which says no value."""
    if path is None:
        return EdFiSystems(systems=())
    try:
        return EdFiSystems.model_validate_json(path.read_bytes())
    except OSError as error:
        raise KeyFileUnusable(f"{path.name} cannot be read") from error
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
        raise KeyFileUnusable(f"{path.name} is not right: {', '.join(places) or 'not JSON'}") from error
