"""Elements of interchange files by their places there (`id`), for who names them by that (`ref`). Pure."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from services.records.formats.edfi_stream import Item

Thing = TypeVar("Thing")


class Places(Generic[Thing]):
    """What stands where. INVARIANT: an id is of its own file (xs:ID); where several files have the same, each means its own."""

    def __init__(self) -> None:
        self._by_place: dict[str, dict[str, Thing]] = {}

    def put(self, item: Item, thing: Thing) -> Thing | None:
        """Keep what `item` stands for, if it has a place; what stood there in the same file, which counts no more."""
        place = item.element.attrib.get("id")
        if not place:
            return None
        files = self._by_place.setdefault(place, {})
        before = files.get(item.file)
        files[item.file] = thing
        return before

    def at(self, item: Item, place: str | None) -> Thing | None:
        """What `item` names by its place: of its own file. A place that one file alone has may be named from any."""
        files = self._by_place.get(place or "", {})
        return next(iter(files.values())) if len(files) == 1 else files.get(item.file)

    def all(self) -> Iterator[Thing]:
        """Of every file."""
        for files in self._by_place.values():
            yield from files.values()
