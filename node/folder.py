"""A node in a folder: what it is called, its keys, its stores, what it trusts. The embedded node lives in one.

node.json                what the node is (NodeFile)
keys/<service>/...       a folder of key files per service; keys/operator/ belongs on no server
data/<service>.db        a SQLite file per service
trust/list.jws, first.digest, statement.jws, witnesses.policy, mirrors.policy
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError

from node.settings_classes import settings_class, settings_of
from node.unusable import NoNode
from safepassage.suites import SUITES
from safepassage.wire import Name, Wire
from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName


class NodeFile(Wire):
    """node.json: everything about the node that is not a secret."""

    v: Literal[1] = 1
    entity_id: Annotated[str, StringConstraints(max_length=200)]
    name: Name
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    """Postal code of the state; XA to XZ are fictional."""
    organisation_id: UUID
    """The state agency that runs the node."""
    time_zone: str = "America/New_York"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    exchange_tick_seconds: Annotated[float, Field(ge=0, le=86_400)] = 900.0
    exchange_suites: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(SUITES)
    """Names of registered suites, the preferred first."""
    insecure_development: bool = False
    logs_since: Annotated[int, Field(ge=2026, le=9999)] | None = None
    """Year of the node's first log; `create_node` says it. A file of a version before has none."""

    @property
    def jurisdiction(self) -> str:
        """The state as the policies name it."""
        return f"US-{self.state}"


@dataclass(frozen=True)
class NodeFolder:
    """A node's folder on this machine."""

    path: Path

    @property
    def file(self) -> NodeFile:
        """What the node is. Raises NoNode."""
        try:
            return NodeFile.model_validate_json((self.path / "node.json").read_bytes())
        except FileNotFoundError as error:
            raise NoNode.at(self.path) from error
        except ValidationError as error:
            member = ".".join(map(str, error.errors()[0]["loc"])) or "it is not JSON"
            raise NoNode.unreadable(self.path, member) from None

    @property
    def keys(self) -> Path:
        """A folder of key files per service."""
        return self.path / "keys"

    @property
    def trust_list(self) -> Path:
        """The signed list of members."""
        return self.path / "trust" / "list.jws"

    @property
    def first_list_digest(self) -> Path:
        """The digest by which the first list is known."""
        return self.path / "trust" / "first.digest"

    @property
    def first_digest(self) -> str | None:
        """That digest; None of a node that trusts nobody yet."""
        return self.first_list_digest.read_text().strip() if self.first_list_digest.exists() else None

    @property
    def statement(self) -> Path:
        """The node's signed statement of its operational keys."""
        return self.path / "trust" / "statement.jws"

    @property
    def witness_policy(self) -> Path:
        """Who witnesses the node's log."""
        return self.path / "trust" / "witnesses.policy"

    @property
    def mirror_policy(self) -> Path:
        """Who keeps copies of the node's log."""
        return self.path / "trust" / "mirrors.policy"

    def store(self, service: ServiceName) -> Path:
        """The SQLite file of a service."""
        return self.path / "data" / f"{service}.db"

    def settings(self, service: ServiceName) -> ServiceSettings:
        """The settings of a service of the embedded node. Raises NoNode, SettingsRefused."""
        file = self.file
        values: dict[str, Any] = {
            "entity_id": file.entity_id,
            "database_url": f"sqlite+inline:///{self.store(service)}",
            "keys_directory": self.keys / service,
            "insecure_development": file.insecure_development,
            "trust_list_file": self.trust_list if self.trust_list.exists() else None,
            "trust_list_digest": self.first_digest,
        }
        about_the_node: dict[str, Any] = {
            "jurisdiction": file.jurisdiction,
            "exchange_tick_seconds": file.exchange_tick_seconds,
            "exchange_suites": file.exchange_suites,
            "node_organisation_id": file.organisation_id,
            "node_statement_file": self.statement,
            "witness_policy_file": self.witness_policy if self.witness_policy.exists() else None,
            "mirror_policy_file": self.mirror_policy if self.mirror_policy.exists() else None,
            "rotates_key_encryption_key": True,
            "people_links": True,
            "console_zone": file.time_zone,
        }
        kind = settings_class(service)
        values |= {name: value for name, value in about_the_node.items() if name in kind.model_fields}
        return settings_of(service, **values)
