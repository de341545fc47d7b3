"""A record with every member of every model filled, each text unlike any other: for masks, journeys and canaries."""

import types
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic.fields import FieldInfo

from safepassage.record import SECTION_MODELS, StudentRecord
from safepassage.wire import Wire

CANARY = "Kanari"
"""Each text of a filled record begins with it; nothing else in the suite does."""

BY_PATTERN = {
    r"^[0-9]{9}$": "987{:06d}",
    r"^[A-Z]{2}$": "ZZ",
    r"^[a-z]{3}$": "zzz",
    r"^[0-9]{7}([0-9]{5})?$": "03{:05d}",
    r"^[0-9]{5}$": "{:05d}",
    r"^[0-9]{2,3}$": "110",
    r"^https?://[!#-;=?-\[\]_a-z~]{1,400}$": "https://case.example/Kanari{:06d}",
}

FIXED = {"sealed": False, "school_year": 2026}


class Filler:
    """Fills models; `texts` is every text that it made up."""

    def __init__(self, start: int = 1000) -> None:
        self.number = start
        self.texts: list[str] = []

    def record(self) -> StudentRecord:
        """A whole record. One statement contests the discipline section, another one element of the identity."""
        sections = {name: self.model(model) for name, model in SECTION_MODELS.items()}
        ids = [str(UUID(int=self._next() << 64 | 1)) for _ in range(2)]
        contested = {"discipline": ids[0], "identity": ids[1]}
        origin = {"originating_agency": "0300010", "source_system": "filler", "as_of": datetime(2026, 3, 1, tzinfo=UTC)}
        provenance = {name: origin | ({"contested_by": [contested[name]]} if name in contested else {}) for name in sections}
        statements = [
            {"id": ids[0], "relates_to": ["discipline"], "statement": self._text(), "placed_by": "parent", "placed_on": "2026-01-02"},
            {"id": ids[1], "relates_to": ["identity.sex"], "statement": self._text(), "placed_by": "parent", "placed_on": "2026-01-02"},
        ]
        return StudentRecord.model_validate({**sections, "provenance": provenance, "statements": statements})

    def model(self, model: type[Wire]) -> Any:
        """An instance of `model`, every member filled."""
        return model(**{field.alias or name: self._member(name, field) for name, field in model.model_fields.items()})

    def _member(self, name: str, field: FieldInfo) -> Any:
        if name in FIXED:
            return FIXED[name]
        if field.annotation is date or date in get_args(field.annotation):
            early = name in ("begin_date", "entry_date", "birth_date")
            return date(2010 if early else 2025, 1, 1) + timedelta(days=self._next() % 300)
        return self._value(Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation)

    def _value(self, annotation: Any) -> Any:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            patterns = [part.pattern for part in arguments[1:] if getattr(part, "pattern", None)]
            return self._patterned(str(patterns[0])) if patterns else self._value(arguments[0])
        if origin in (Union, types.UnionType):
            return self._value(next(part for part in arguments if part is not type(None)))
        if origin is Literal:
            return arguments[0]
        if origin is tuple:
            return (self._value(arguments[0]),)
        return self._plain(annotation)

    def _plain(self, kind: Any) -> Any:
        if isinstance(kind, type) and issubclass(kind, Wire):
            return self.model(kind)
        made: dict[Any, Any] = {
            bool: True,
            UUID: UUID(int=self._next() << 64 | 4),
            Decimal: Decimal(self._next() % 90) / 4,
            date: date(2025, 2, 3),
        }
        if kind is str:
            return self._text()
        return 1 + self._next() % 12 if kind is int else made[kind]

    def _patterned(self, pattern: str) -> str:
        if pattern.startswith("^[^"):
            return self._text()  # a name or a text: everything but control characters
        return BY_PATTERN[pattern].format(self._next() % 100_000)

    def _text(self) -> str:
        self.texts.append(f"{CANARY}{self._next():06d}ñ’")
        return self.texts[-1]

    def _next(self) -> int:
        self.number += 1
        return self.number


def whole_record(start: int = 1000) -> StudentRecord:
    """A record with everything in it."""
    return Filler(start).record()
