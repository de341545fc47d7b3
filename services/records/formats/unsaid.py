"""What of a record's elements a format that says little has no place for, by the names of members: never a value. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

NOTHING: Final[tuple[object, ...]] = (None, "", [], {})


def unsaid(value: Any, said: frozenset[str], one_of: Sequence[Sequence[str]] = ()) -> list[str]:
    """The members of an element, by path (`course.level.code`), that are there and are not said; each once.

    value   the element as JSON has it: an object, or a list of objects
    said    the paths that the format has a place for
    one_of  paths of which one object has one place: the first that is there is said, and no other
    """
    found: dict[str, None] = {}
    for one in value if isinstance(value, list) else (value,):
        places = dict.fromkeys(_leaves(one))
        left_out = {path for those in one_of for path in [path for path in those if path in places][1:]}
        found.update((path, None) for path in places if path not in said or path in left_out)
    return list(found)


def there(values: Sequence[Any], said: frozenset[str]) -> list[str]:
    """The members of `said`, by path, that some of several objects have; each once. For objects of which a format has no place at all."""
    return [path for path in dict.fromkeys(path for one in values for path in _leaves(one)) if path in said]


def _leaves(value: Any, before: str = "") -> Iterator[str]:
    """The paths of what an object says; what is in a list stands at the list's own."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _leaves(member, f"{before}.{name}" if before else name)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, before)
    elif value not in NOTHING:
        yield before
