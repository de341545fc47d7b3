"""The classes that students are in: what each of them says once, however many are in it, and who they are."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from services.records.formats.oneroster_classes import Class, ClassKey


class FoundClasses:
    """Added one by one, in turns with others (shared.turns).

    All that is done with them once they are found is done at once, while others wait: it grows with the classes, not with the students.
    """

    def __init__(self) -> None:
        self._latest: dict[tuple[ClassKey, str | None], Class] = {}
        self._students = defaultdict[ClassKey, dict[UUID, None]](dict)

    def add(self, held: Class, student_id: UUID) -> None:
        """A class, as a student's section says it."""
        said = held.key, held.course.get("sced_code")
        before = self._latest.get(said)
        if before is None or before.changed_at < held.changed_at:
            self._latest[said] = held
        self._students[held.key][student_id] = None

    @property
    def told(self) -> Iterable[Class]:
        """One for each class and SCED code, as the record says it that changed last: classes and courses are made of nothing else."""
        return self._latest.values()

    def students_by(self, id_of: Callable[[Class], str]) -> Mapping[str, tuple[UUID, ...]]:
        """By the id of an object that they are in, whose records say so."""
        made = defaultdict[str, dict[UUID, None]](dict)
        for held in self.told:
            made[id_of(held)].update(self._students[held.key])
        return {sourced_id: tuple(those) for sourced_id, those in made.items()}
