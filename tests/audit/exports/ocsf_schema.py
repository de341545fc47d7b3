"""A validator of OCSF events over the facts of the schema that tests/vectors/ocsf-1.8.0.json keeps.

The file was made from the schema's repository (ocsf/ocsf-schema at its release 1.8.0, Apache-2.0): of the two classes and of the objects in
reach, each attribute with its type, requirement, enumeration and the object that it is; attributes of profiles left out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.house.sources import ROOT

SCHEMA: Mapping[str, Any] = json.loads((ROOT / "tests" / "vectors" / "ocsf-1.8.0.json").read_text())
BY_UID = {6000 + one["uid"]: one for one in SCHEMA["classes"].values()}
NUMBERS = {"integer_t", "long_t", "timestamp_t", "port_t"}


def faults(event: Mapping[str, Any]) -> list[str]:
    """What the schema says against an event; empty for a valid one."""
    of_class = BY_UID[event["class_uid"]]
    found = list(_object(event, of_class, ""))
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        found.append("type_uid")
    if event["category_uid"] != event["class_uid"] // 1000 or event["metadata"]["version"] != SCHEMA["version"]:
        found.append("category or version")
    return found


def _object(value: Mapping[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    attributes = schema["attributes"]
    yield from (f"{at}{name} is not known" for name in value if name not in attributes)
    yield from (f"{at}{name} is missing" for name, one in attributes.items() if one["requirement"] == "required" and name not in value)
    wanted = schema.get("constraints", {}).get("at_least_one", ())
    if wanted and not any(name in value for name in wanted):
        yield f"{at} none of {wanted}"
    for name, member in value.items():
        one = attributes.get(name)
        if one is None:
            continue
        if isinstance(member, list) is not one.get("array", False):
            yield f"{at}{name} is one, or several"
        for each in member if isinstance(member, list) else [member]:
            yield from _value(each, one, f"{at}{name}")


def _value(value: Any, one: Mapping[str, Any], at: str) -> Iterator[str]:
    kind = one["type"]
    if kind == "object_t":
        if not isinstance(value, dict):
            yield f"{at} is no object"
        elif one["object"] in SCHEMA["objects"] and one["object"] != "object":
            yield from _object(value, SCHEMA["objects"][one["object"]], f"{at}.")
        return
    if kind in NUMBERS and (not isinstance(value, int) or isinstance(value, bool)):
        yield f"{at} is no number"
    if kind not in NUMBERS and kind != "boolean_t" and not isinstance(value, str):
        yield f"{at} is no text"
    pattern = SCHEMA["types"].get(kind, {}).get("regex")
    if pattern and isinstance(value, str) and not re.fullmatch(pattern, value):
        yield f"{at} has not the form of {kind}"
    if (
        "enum" in one and one["enum"] != ["0"] and str(value) not in one["enum"]
    ):  # ["0"]: the schema's own number is filled in by each class
        yield f"{at} is not in its enumeration"
