"""What a file of an upload is called in a report. Pure.

People name files after children (`Garcia-Ana 2012-02-03.xml`), and a report of a load holds no value: a file with a name of a format's own
goes by it, any other by its number in the upload.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

_ENDINGS: Final = frozenset({"csv", "json", "jsonl", "ndjson", "xml"})
_WORDS: Final = frozenset(
    [
        "504", "absence", "academic", "accountability", "accounts", "actions", "actuals", "agencies", "assessment", "assessments",
        "assignment", "association", "associations", "attendance", "balance", "behavior", "bell", "budgets", "calendar", "calendars",
        "cards", "categories", "centers", "chart", "class", "classes", "codes", "cohort", "cohorts", "community", "competency",
        "contact", "contacts", "contents", "contracted", "course", "courses", "credentials", "crisis", "cte", "dates", "delinquent",
        "demographics", "departments", "descriptor", "descriptors", "dimensions", "directories", "discipline", "education", "elements",
        "eligibility", "employment", "encumbrances", "enrollment", "enrollments", "entries", "equivalence", "evaluation", "evaluations",
        "event", "events", "feeder", "finance", "food", "function", "fund", "grade", "gradebook", "grades", "grading", "graduation",
        "health", "healths", "homeless", "idea", "identification", "ids", "iep", "incident", "incidents", "institutions", "instruction",
        "interchange", "intervention", "interventions", "item", "items", "language", "learning", "leaves", "licenses", "line", "local",
        "locations", "manifest", "mappings", "master", "metadata", "migrant", "neglected", "network", "networks", "non", "object",
        "objective", "objectives", "of", "offender", "offerings", "open", "operational", "or", "org", "organization", "organizations",
        "orgs", "parent", "part", "payrolls", "peer", "people", "periods", "plans", "positions", "post", "prescription",
        "prescriptions", "profiles", "program", "programs", "project", "provider", "providers", "question", "questions", "range",
        "ratings", "records", "registration", "report", "resources", "response", "responses", "responsibility", "restraint", "result",
        "results", "roles", "rubric", "sample", "scales", "schedule", "schedules", "school", "schools", "score", "secondary", "section",
        "sections", "service", "sessions", "sheet", "source", "special", "sre", "sres", "staff", "staffs", "standard", "standards",
        "state", "student", "students", "studies", "survey", "surveys", "taken", "target", "test", "tests", "title", "transcript",
        "transcripts", "transportation", "types", "unit", "user", "users", "weeks", "x", "year",
    ]
)  # fmt: skip
"""Of which the names of the files and resources of OneRoster, Ed-Fi and SIF are made."""
_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


def told_names(names: Iterable[str]) -> Mapping[str, str]:
    """What each file of an upload is called, by its name there; `names` in the order of the upload."""
    return {name: _told(name, number) for number, name in enumerate(names, start=1)}


def _told(name: str, number: int) -> str:
    stem, _, ending = name.rpartition(".")
    if ending.casefold() not in _ENDINGS:
        return f"file-{number}"
    parts = _PARTS.findall(stem)
    if stem and "".join(parts) == stem and all(part.casefold() in _WORDS for part in parts):
        return name
    return f"file-{number}.{ending.casefold()}"


def told_place(place: str, names: Mapping[str, str]) -> str:
    """A place in an upload, with what its file is called: `file-2.xml:1` for the first element of the second file."""
    name = place if place in names else max((one for one in names if place.startswith(f"{one}:")), key=len, default=None)
    return place if name is None else names[name] + place[len(name) :]
