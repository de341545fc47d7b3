"""docs/elements.md: the catalogue of elements, and the CEDS id of everything in a record, from the code."""

from collections.abc import Iterator

from safepassage.elements import ELEMENTS
from safepassage.record import SECTION_MODELS
from safepassage.record.ceds import CEDS_NAMES, members


def elements_page() -> str:
    """The page as it is pinned in docs/."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Elements of a record"
    yield ""
    yield "Made from the code (`make documents`); a test compares."
    yield "An agreement schedules elements, a decision permits elements, a record holds elements."
    yield "CEDS ids are those of the Common Education Data Standards, version 13; JSON schemas have them as `x-ceds`."
    yield "Where CEDS has a datum as a value of an option set, the id is that of the set:"
    yield "foster care is a Program Type, an SSN a Student Identifier of the system SSN."
    yield ""
    yield "| element | what it is | categories | CEDS |"
    yield "|---|---|---|---|"
    for element in ELEMENTS:
        special = " (special)" if element.sensitivity == "special" else ""
        yield f"| `{element.id}` | {element.title} | {', '.join(element.categories)}{special} | {_ceds(element.ceds)} |"
    yield ""
    yield "## What an element is made of"
    yield ""
    yield "A dash: CEDS 13 has no element for it."
    yield "Codes (`system`, `code`, `description`) are kept as their source has them, with the name of its code system."
    for section, model in SECTION_MODELS.items():
        yield ""
        yield f"### {section}"
        yield ""
        yield "| part | member | CEDS |"
        yield "|---|---|---|"
        for one in members(model):
            if one.model != model.__name__:
                yield f"| {one.model} | `{one.name}` | {_ceds(one.ceds)} |"


def _ceds(identifier: str | None) -> str:
    return "-" if identifier is None else f"{identifier} {CEDS_NAMES[identifier]}"
