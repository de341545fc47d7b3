"""The elements of a request as rules see them: in the order of the record, and together where no rule of such a request tells them apart.

Requests name few lists of elements, many times over: what is found of a list depends on nothing else of a request but its basis, action
and kind of recipient, and is found once.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.privacy.policy.entities import Entity
from services.privacy.policy.taxonomy import Taxonomy


@dataclass(frozen=True)
class Alike:
    """Elements that rules can tell apart by sets of the context alone."""

    resources: tuple[Entity, ...]
    places: tuple[int, ...]
    """Of each in the order of the request's elements."""
    whole: frozenset[Entity]

    def parts(self, sets: Sequence[frozenset[Entity]]) -> Iterable[tuple[Entity, Sequence[int]]]:
        """One of those that the sets cannot tell apart either, and the places of all of them."""
        whole = self.whole
        for those in sets:
            if not whole <= those and not whole.isdisjoint(those):
                return self._split(sets)
        return ((self.resources[0], self.places),)

    def _split(self, sets: Sequence[frozenset[Entity]]) -> Iterator[tuple[Entity, Sequence[int]]]:
        parts: dict[tuple[bool, ...], tuple[Entity, list[int]]] = {}
        for resource, place in zip(self.resources, self.places, strict=True):
            key = tuple([resource in those for those in sets])
            parts.setdefault(key, (resource, []))[1].append(place)
        yield from parts.values()


@dataclass(frozen=True)
class AskedElements:
    """A list of elements, for one basis, action and kind of recipient."""

    order: tuple[str, ...]
    """In the order of the record, unknown ones last."""
    alike: tuple[Alike, ...]
    unknown: range
    """Places of those that the taxonomy does not have."""

    @staticmethod
    def of(elements: Collection[str], keys: Mapping[Entity, object], taxonomy: Taxonomy) -> "AskedElements":
        """`keys` has of each resource what is the same for those that rules cannot tell apart but by sets."""
        order = in_order(elements, taxonomy)
        groups: dict[object, list[tuple[Entity, int]]] = {}
        known = 0
        for place, element in enumerate(order):
            resource = taxonomy.elements.get(element)
            if resource is not None:
                groups.setdefault(keys[resource], []).append((resource, place))
                known += 1
        alike = tuple(
            Alike(tuple(it for it, _ in group), tuple(place for _, place in group), frozenset(it for it, _ in group))
            for group in groups.values()
        )
        return AskedElements(order, alike, range(known, len(order)))


def in_order(elements: Iterable[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """Each once, in the order of the record, unknown ones last."""
    asked = set(elements)
    known = taxonomy.elements
    return *(element for element in known if element in asked), *sorted(asked - known.keys())
