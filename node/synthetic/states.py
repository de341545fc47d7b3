"""Two states that do not exist, Alder and Birch, with their agencies and schools.

Ids cannot collide with real ones: FIPS codes 03 and 07 are assigned to no state, ZIP codes begin with 000, telephones are 555-01xx,
e-mail ends in `.example`.
"""

from dataclasses import dataclass, replace
from typing import Literal

Level = Literal["elementary", "middle", "high"]

DistrictKind = Literal["large", "town", "rural", "charter", "virtual", "garrison", "state-operated", "tribal-compact"]
"""What a district is like: beside a garrison go to school whose parents serve; the state operates schools for juvenile justice."""

LEVELS: dict[Level, tuple[int, int]] = {"elementary": (0, 5), "middle": (6, 8), "high": (9, 12)}
"""Grades of each level; kindergarten is 0."""


@dataclass(frozen=True)
class StatePlan:
    """A state: its code in the suite, FIPS code, ZIP prefix, and how it numbers students and reports scores."""

    name: str
    code: str
    fips: str
    zip_prefix: str
    time_zone: str
    student_ids: Literal["random-checked", "sequential"]
    """Birch numbers students one after the other, as some states do: what an enumeration would try."""
    score_scale: tuple[int, int]
    cities: tuple[str, ...]
    districts: tuple[tuple[str, tuple[Level, ...]], ...]

    @property
    def jurisdiction(self) -> str:
        """As policies name it."""
        return f"US-{self.code}"


ALDER = StatePlan(
    name="Alder",
    code="XA",
    fips="03",
    zip_prefix="0001",
    time_zone="America/New_York",
    student_ids="random-checked",
    score_scale=(1300, 1700),
    cities=("Alderton", "Cedar Locks", "Marrow Bay", "Fallow Creek", "Tinsmith", "Upper Ferry"),
    districts=(
        ("Alderton City Schools", ("elementary", "elementary", "elementary", "middle", "middle", "high", "high")),
        ("Marrow Bay Unified School District", ("elementary", "elementary", "middle", "high")),
        ("Fallow Creek Rural District", ("elementary", "middle", "high")),
        ("Lantern Charter Network", ("elementary", "middle", "high")),
        ("Alder Virtual Academy District", ("middle", "high")),
        ("Cedar Locks Garrison District", ("elementary", "middle", "high")),
        ("Alder State Residential Schools", ("high",)),
    ),
)

BIRCH = StatePlan(
    name="Birch",
    code="XB",
    fips="07",
    zip_prefix="0002",
    time_zone="America/Chicago",
    student_ids="sequential",
    score_scale=(200, 800),
    cities=("Birchfield", "Stillwater Fork", "Nettle Ridge", "Harrow", "Quillpoint", "Lower Weir"),
    districts=(
        ("Birchfield Metropolitan Schools", ("elementary", "elementary", "elementary", "middle", "middle", "high", "high")),
        ("Stillwater Fork District", ("elementary", "elementary", "middle", "high")),
        ("Nettle Ridge Consolidated District", ("elementary", "middle", "high")),
        ("Quillpoint Charter Schools", ("elementary", "middle", "high")),
        ("Harrow Compact Tribal Schools", ("elementary", "middle", "high")),
        ("Lower Weir District", ("elementary", "middle", "high")),
    ),
)

ALDER_WHOLE = replace(ALDER, districts=(*ALDER.districts, ("Tinsmith Compact Tribal Schools", ("elementary", "middle", "high"))))
BIRCH_WHOLE = replace(
    BIRCH,
    districts=(
        *BIRCH.districts[:-1],
        ("Lower Weir Garrison District", ("elementary", "middle", "high")),
        ("Birch Virtual Academy District", ("middle", "high")),
        ("Birch State Residential Schools", ("high",)),
    ),
)
"""The states with a district of every kind each; those of the demo, which many things are pinned to, have them between them."""

DISTRICT_KINDS: dict[str, DistrictKind] = {
    "Alderton City Schools": "large",
    "Marrow Bay Unified School District": "town",
    "Fallow Creek Rural District": "rural",
    "Lantern Charter Network": "charter",
    "Alder Virtual Academy District": "virtual",
    "Cedar Locks Garrison District": "garrison",
    "Alder State Residential Schools": "state-operated",
    "Tinsmith Compact Tribal Schools": "tribal-compact",
    "Birchfield Metropolitan Schools": "large",
    "Stillwater Fork District": "town",
    "Nettle Ridge Consolidated District": "rural",
    "Quillpoint Charter Schools": "charter",
    "Harrow Compact Tribal Schools": "tribal-compact",
    "Lower Weir District": "town",
    "Lower Weir Garrison District": "garrison",
    "Birch Virtual Academy District": "virtual",
    "Birch State Residential Schools": "state-operated",
}


@dataclass(frozen=True)
class SyntheticOrganisation:
    """An agency or school as gateway registers it. `key` names it within the state; `parent` is the key of the one above it."""

    key: str
    kind: Literal["sea", "lea", "school"]
    name: str
    parent: str | None
    nces_id: str | None
    state_id: str
    time_zone: str
    level: Level | None = None
    district: DistrictKind | None = None
    """Of a district: what it is like."""


def organisations(state: StatePlan) -> tuple[SyntheticOrganisation, ...]:
    """The state agency, its districts and their schools, parents first."""
    agency = SyntheticOrganisation("sea", "sea", f"{state.name} Department of Education", None, None, state.code, state.time_zone)
    result = [agency]
    for number, (name, levels) in enumerate(state.districts, start=1):
        nces = f"{state.fips}{number:05d}"
        own = SyntheticOrganisation(nces, "lea", name, "sea", nces, f"{state.code}-{number:03d}", state.time_zone)
        result.append(replace(own, district=DISTRICT_KINDS[name]))
        for place, level in enumerate(levels, start=1):
            school = f"{nces}{place:05d}"
            ordinal = _ORDINALS[place - 1] if place <= len(_ORDINALS) else f"No. {place}"
            title = f"{name.split()[0]} {ordinal} {level.capitalize()} School"
            result.append(
                SyntheticOrganisation(
                    school, "school", title, nces, school, f"{state.code}-{number:03d}-{place:02d}", state.time_zone, level
                )
            )
    return tuple(result)


_ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh")
