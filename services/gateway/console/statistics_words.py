"""What statistics can be asked for, in words (safepassage.wire_statistics; docs/statistics.md says how each is found). Data."""

from collections.abc import Mapping
from typing import Final

from safepassage.wire_statistics import Dimension, Measure, Population
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.words import word

POPULATIONS: Final[Mapping[Population, str]] = {"enrolled": word("Students enrolled"), "left": word("Students who left in the last year")}

DIMENSIONS: Final[Mapping[Dimension, str]] = {
    "district": word("District"),
    "grade": word("Grade"),
    "sex": word("Sex"),
    "race-ethnicity": word("Race and ethnicity"),
    "english-learner": word("English learner"),
    "disability": word("Disability"),
    "homeless": word("Homeless"),
    "foster": word("In foster care"),
    "migrant": word("Migratory"),
    "low-income": word("Low income"),
    "military-connected": word("Military family"),
    "arrived-from": word("Arrived from"),
    "left-for": word("Left for"),
}

MEASURES: Final[Mapping[Measure, str]] = {
    "gifted": word("In gifted programs"),
    "title-i": word("Served by Title I"),
    "advanced-course": word("In an advanced course"),
    "chronically-absent": word("Chronically absent"),
    "disciplined": word("Disciplined"),
    "proficient-mathematics": word("Proficient in mathematics"),
    "proficient-english": word("Proficient in English"),
}

GROUPS: Final[Mapping[str, str]] = {
    "not-said": word("Not recorded"),
    "yes": word("Yes"),
    "no": word("No"),
    "pk": word("Pre-kindergarten"),
    "kg": word("Kindergarten"),
    "other": word("Other"),
    "female": word("Female"),
    "male": word("Male"),
    "hispanic": word("Hispanic or Latino"),
    "american-indian": word("American Indian or Alaska Native"),
    "asian": word("Asian"),
    "black": word("Black or African American"),
    "pacific-islander": word("Native Hawaiian or Pacific Islander"),
    "white": word("White"),
    "two-or-more": word("Two or more races"),
    "none-known": word("None known"),
    "idea": word("IDEA"),
    "section-504": word("Section 504"),
    "this-state": word("This state"),
    "another-state": word("Another state"),
    "finished-or-other": word("Finished, or other"),
    **{code.lower(): name for code, name in STATE_NAMES.items()},
}
"""Words of the dimensions, districts and numbered grades apart."""

EPSILONS: Final[Mapping[str, str]] = {
    "0.2": word("Little: rough numbers, small part of the budget"),
    "0.5": word("Usual"),
    "1.0": word("Much: finer numbers, large part of the budget"),
}
