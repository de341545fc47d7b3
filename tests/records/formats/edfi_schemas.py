"""The schemas of Ed-Fi resources that the node ships, made from the published OpenAPI document; a test compares the two.

`python -m tests.records.formats.edfi_schemas PATH/resources-ds-5.0.yml` writes services/records/formats/edfi_schemas.json. What the
document has of the resources that are read or made is kept as it is, without descriptions and links, and with `x-nullable` said as a type.
What later versions of the standard added (5.1, 6.0) is not in it: that is composed here, of the document's own parts where it has them.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tests.house.sources import ROOT

TARGET: Final = ROOT / "services" / "records" / "formats" / "edfi_schemas.json"
NOTICE: Final = (
    "Derived from the Ed-Fi Resource API (5.0) of Ed-Fi-Alliance-OSS/Ed-Fi-API-Standards, licensed to the Ed-Fi Alliance under one or more "
    "agreements; the Ed-Fi Alliance licenses it under the Apache License, Version 2.0. Changed: trimmed to the resources that a node reads "
    "or makes and to what a JSON schema checks; resources of later versions added. tests/records/formats/edfi_schemas.py makes it."
)
_PREFIX: Final = "#/components/schemas/edFi_"
_CHECKED: Final = ("type", "format", "minLength", "maxLength", "minimum", "maximum", "enum", "pattern")

PUBLISHED: Final = {
    "students": "student",
    "contacts": "contact",
    "studentContactAssociations": "studentContactAssociation",
    "studentSchoolAssociations": "studentSchoolAssociation",
    "studentEducationOrganizationAssociations": "studentEducationOrganizationAssociation",
    "studentSchoolAttendanceEvents": "studentSchoolAttendanceEvent",
    "disciplineIncidents": "disciplineIncident",
    "studentDisciplineIncidentBehaviorAssociations": "studentDisciplineIncidentBehaviorAssociation",
    "studentDisciplineIncidentNonOffenderAssociations": "studentDisciplineIncidentNonOffenderAssociation",
    "disciplineActions": "disciplineAction",
    "studentSpecialEducationProgramAssociations": "studentSpecialEducationProgramAssociation",
    "studentHomelessProgramAssociations": "studentHomelessProgramAssociation",
    "studentMigrantEducationProgramAssociations": "studentMigrantEducationProgramAssociation",
    "studentLanguageInstructionProgramAssociations": "studentLanguageInstructionProgramAssociation",
    "studentSchoolFoodServiceProgramAssociations": "studentSchoolFoodServiceProgramAssociation",
    "studentTitleIPartAProgramAssociations": "studentTitleIPartAProgramAssociation",
    "studentProgramAssociations": "studentProgramAssociation",
    "studentCTEProgramAssociations": "studentCTEProgramAssociation",
    "studentNeglectedOrDelinquentProgramAssociations": "studentNeglectedOrDelinquentProgramAssociation",
    "studentAcademicRecords": "studentAcademicRecord",
    "courseTranscripts": "courseTranscript",
    "studentAssessments": "studentAssessment",
    "schools": "school",
    "localEducationAgencies": "localEducationAgency",
}  # fmt: skip
"""Resources of the document, by the name of their schema there."""

_TEXT: Final = {"type": ["string", "null"], "maxLength": 306}
_DAY: Final = {"type": ["string", "null"], "format": "date"}
_FLAG: Final = {"type": ["boolean", "null"]}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _part(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}


_SEOA: Final = "studentEducationOrganizationAssociation"
_STUDENT_AT: Final = {
    "educationOrganizationReference": _part("educationOrganizationReference"),
    "studentReference": _part("studentReference"),
}
ADDED: Final[dict[str, dict[str, Any]]] = {
    # Data Standard 5.1 and 5.2
    "studentSection504ProgramAssociations": {
        "type": "object",
        "required": ["beginDate", *_STUDENT_AT, "programReference", "section504Eligibility"],
        "properties": _STUDENT_AT
        | {
            "programReference": _part("programReference"),
            "beginDate": _DAY,
            "endDate": _DAY,
            "accommodationPlan": _FLAG,
            "section504DisabilityDescriptor": _TEXT,
            "section504Eligibility": {"type": "boolean"},
            "section504EligibilityDecisionDate": _DAY,
            "section504MeetingDate": _DAY,
        },
    },
    "studentHealths": {
        "type": "object",
        "required": [*_STUDENT_AT, "asOfDate"],
        "properties": _STUDENT_AT
        | {
            "asOfDate": _DAY,
            "nonMedicalImmunizationExemptionDate": _DAY,
            "nonMedicalImmunizationExemptionDescriptor": _TEXT,
            "requiredImmunizations": _list(
                {
                    "type": "object",
                    "required": ["immunizationTypeDescriptor"],
                    "properties": {
                        "immunizationTypeDescriptor": _TEXT,
                        "medicalExemption": {"type": "string", "maxLength": 1024},
                        "medicalExemptionDate": _DAY,
                        "dates": _list({"type": "object", "required": ["immunizationDate"], "properties": {"immunizationDate": _DAY}}),
                    },
                }
            ),
            "additionalImmunizations": _list(
                {
                    "type": "object",
                    "required": ["immunizationName"],
                    "properties": {
                        "immunizationName": {"type": "string", "minLength": 1, "maxLength": 100},
                        "dates": _list({"type": "object", "required": ["immunizationDate"], "properties": {"immunizationDate": _DAY}}),
                    },
                }
            ),
        },
    },
    # Data Standard 6.0: what a student's association with an organisation said is said by three resources
    "studentDemographics": {
        "type": "object",
        "required": [*_STUDENT_AT],
        "properties": _STUDENT_AT
        | {
            "hispanicLatinoEthnicity": _FLAG,
            "sexDescriptor": _TEXT,
            "supporterMilitaryConnectionDescriptor": _TEXT,
            "limitedEnglishProficiencyDescriptor": _TEXT,
            "languages": _list(_part(f"{_SEOA}Language")),
            "races": _list(_part(f"{_SEOA}Race")),
            "studentCharacteristics": _list(_part(f"{_SEOA}StudentCharacteristic")),
            "tribalAffiliations": _list(_part(f"{_SEOA}TribalAffiliation")),
        },
    },
    "studentDirectories": {
        "type": "object",
        "required": [*_STUDENT_AT],
        "properties": _STUDENT_AT
        | {
            "addresses": _list(_part(f"{_SEOA}Address")),
            "electronicMails": _list(_part(f"{_SEOA}ElectronicMail")),
            "telephones": _list(_part(f"{_SEOA}Telephone")),
        },
    },
    "studentIdentificationCodes": {
        "type": "object",
        "required": [*_STUDENT_AT, "studentIdentificationSystemDescriptor", "identificationCode"],
        "properties": _STUDENT_AT
        | {
            "studentIdentificationSystemDescriptor": _TEXT,
            "assigningOrganizationIdentificationCode": {"type": ["string", "null"], "minLength": 1, "maxLength": 60},
            "identificationCode": {"type": "string", "minLength": 1, "maxLength": 120},
        },
    },
}
"""Resources that the document does not have."""


def made_from(document: Mapping[str, Any]) -> dict[str, Any]:
    """The shipped document: `{"$comment", "resources": {resource: schema}, "definitions": {name: schema}}`."""
    published: Mapping[str, Any] = document["components"]["schemas"]
    definitions: dict[str, Any] = {}

    def trimmed(schema: Mapping[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(_PREFIX)
            if name not in definitions:
                definitions[name] = {}
                definitions[name] = trimmed(published[f"edFi_{name}"])
            return _part(name)
        kept = {member: schema[member] for member in _CHECKED if member in schema}
        if schema.get("x-nullable"):
            kept["type"] = [kept["type"], "null"]
        if "items" in schema:
            kept["items"] = trimmed(schema["items"])
        if "properties" in schema:
            kept["properties"] = {
                name: trimmed(member)
                for name, member in schema["properties"].items()
                if name != "id" and not name.startswith("_") and name != "link"
            }
        if "required" in schema:
            kept["required"] = sorted(schema["required"])
        return kept

    resources = {resource: trimmed({"$ref": _PREFIX + name}) for resource, name in PUBLISHED.items()}
    return {"$comment": NOTICE, "resources": resources | ADDED, "definitions": dict(sorted(definitions.items()))}


def written(made: Mapping[str, Any]) -> str:
    """As the file has it: a definition a line."""
    parts = [f'"$comment": {json.dumps(made["$comment"])}']
    for group in ("resources", "definitions"):
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(schema)}" for name, schema in made[group].items())
        parts.append(f'"{group}": {{\n{lines}\n}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def published(path: Path) -> dict[str, Any]:
    """The OpenAPI document in a file."""
    loaded: dict[str, Any] = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 a safe loader, in C where there is one
    return loaded


if __name__ == "__main__":
    TARGET.write_text(written(made_from(published(Path(sys.argv[1])))))
