"""A wire model's rules told to msgspec, which reads and writes several times as fast as pydantic: for what comes by the thousand.

It is no third form of a thing: it is made of the model, member by member. A member with a rule of ours that cannot be told is left out, so
that a text which has it is not taken.

# INVARIANT: what `struct_of(model)` takes the model takes, with the same values. What it does not take is the model's to judge and to name.
"""

from collections.abc import Container, Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

_PLAIN: Final = (str, int, UUID)
_BOUNDS: Final[dict[type, str]] = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt", MaxLen: "max_length", MinLen: "min_length"}
_NOT_TAKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class CannotBeTold(TypeError):
    """A rule of the model has no counterpart."""


class QuickReader:
    """Reads texts that a model takes."""

    def __init__(self, model: type[BaseModel], *, judged: Container[str]) -> None:
        """`judged`: the model's validators that the caller sees to itself. Raises CannotBeTold for one that is not among them."""
        self._decoder = msgspec.json.Decoder(struct_of(model, judged=judged))

    def read(self, text: bytes) -> Any:
        """An object with the model's members; None where it is the model's to judge."""
        try:
            return self._decoder.decode(text)
        except _NOT_TAKEN:
            return None


def struct_of(model: type[BaseModel], *, judged: Container[str] = ()) -> type[msgspec.Struct]:
    """A struct with the members of a model that can be told, in their order."""
    validators = model.__pydantic_decorators__
    if any(name not in judged for name in (*validators.model_validators, *validators.field_validators)):
        raise CannotBeTold(model.__name__)
    members: list[Any] = []
    renamed = {}
    for name, member in model.model_fields.items():
        try:
            told = _told(member.annotation, member.metadata, judged)
        except CannotBeTold:
            if member.is_required():
                raise
            continue
        members.append((name, told) if member.is_required() else (name, told, _default(member, told)))
        if member.alias is not None:
            renamed[name] = member.alias
    return msgspec.defstruct(
        model.__name__, members, rename=renamed, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, gc=False
    )


def _default(member: FieldInfo, told: Any) -> Any:
    """What a member is that is not there."""
    value = member.get_default(call_default_factory=True, validated_data={})
    return told() if isinstance(value, BaseModel) else value


def _told(kind: Any, rules: Iterable[Any], judged: Container[str]) -> Any:
    """A type, with the rules that stand beside it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _told(arguments[0], (*arguments[1:], *rules), judged)
    if origin in (Union, UnionType):
        return _with(Union[tuple(_told(one, (), judged) for one in arguments)], rules)  # noqa: UP007 of as many as there are
    if origin is tuple and arguments[1:] == (...,):
        return _with(tuple[_told(arguments[0], (), judged), ...], rules)  # type: ignore[misc]  # made at run time
    if origin is Literal or kind in (NoneType, *_PLAIN):
        return _with(kind, rules)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _with(struct_of(kind, judged=judged), rules)
    raise CannotBeTold(str(kind))


def _with(kind: Any, rules: Iterable[Any]) -> Any:
    bounds = dict(bound for rule in rules for bound in _bounds(rule))
    return Annotated[kind, msgspec.Meta(**bounds)] if bounds else kind


def _bounds(rule: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(rule, FieldInfo):
        for one in rule.metadata:
            yield from _bounds(one)
    elif isinstance(rule, StringConstraints):
        told = {name: value for name, value in vars(rule).items() if value is not None}
        pattern = told.get("pattern")
        if pattern is not None:
            if not (isinstance(pattern, str) and pattern.startswith("^") and pattern.endswith("$") and pattern.isascii()):
                raise CannotBeTold("pattern")
            told["pattern"] = pattern[:-1] + r"\Z"  # Python's $ would take a line feed at the end
        if not told.keys() <= {"pattern", "min_length", "max_length"}:
            raise CannotBeTold("string")
        yield from told.items()
    elif type(rule) in _BOUNDS:
        name = _BOUNDS[type(rule)]
        yield name, getattr(rule, name)
    else:
        raise CannotBeTold(str(type(rule)))
