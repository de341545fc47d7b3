"""What a Cedar value is in the compiled rules: entities are text with a type, records are dictionaries that can be hashed."""

from typing import Any

NAMESPACE = "SafePassage"


class Entity(str):
    """An entity's uid, `Namespace::Type::"id"`. Two are equal if type and id are; a plain string never is written so."""

    kind: str
    """Its type with the namespace."""

    def __new__(cls, kind: str, identifier: str) -> "Entity":
        entity = super().__new__(cls, f'{kind}::"{identifier}"')
        entity.kind = kind
        return entity


def entity(kind: str, identifier: str) -> Entity:
    """The entity of a type of our own namespace."""
    return Entity(f"{NAMESPACE}::{kind}", identifier)


class Record(dict[str, Any]):
    """A Cedar record. It is never changed once built."""

    def __hash__(self) -> int:  # type: ignore[override]  # a set may hold records, as in Cedar
        return hash(frozenset(self.items()))
