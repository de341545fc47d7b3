"""OneRoster users and demographics → members of our sections."""

import json
from typing import Any

from safepassage.record.contacts import Email, Telephone
from services.records.formats.made_once import code_of
from services.records.formats.oneroster_csv import RELATION, USER_IDS
from services.records.formats.oneroster_tables import Row
from services.records.formats.parsed import Draft

RACES = {
    "americanIndianOrAlaskaNative": "AmericanIndianOrAlaskaNative",
    "asian": "Asian",
    "blackOrAfricanAmerican": "BlackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander": "NativeHawaiianOrOtherPacificIslander",
    "white": "White",
    "demographicRaceTwoOrMoreRaces": "DemographicRaceTwoOrMoreRaces",
}
"""Column → CEDS 001943."""

_OF_RACE = frozenset({*RACES, "hispanicOrLatinoEthnicity"})

SEXES = {"male": "Male", "female": "Female"}


def _present(values: dict[str, Any]) -> dict[str, Any] | None:
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    return kept or None


def _true(row: Row, column: str) -> bool | None:
    return {"true": True, "false": False}.get(row[column].casefold())


def name(user: Row) -> dict[str, Any] | None:
    """The legal name. OneRoster has one field for the surname: it stays whole."""
    return _present({"first": user["givenName"], "middle": user["middleName"], "last_1": user["familyName"]})


def identity(user: Row, about: Row | None) -> dict[str, Any]:
    """Elements of the identity section. Identifiers are what the source gives as such; the sourcedId is not one of the record."""
    identifiers = [identifier(part) for part in [*user.list("userIds"), *more_ids(user)]]
    if user["identifier"]:
        identifiers.append({"kind": "district", "system": "oneroster:identifier", "value": user["identifier"]})
    if user["userMasterIdentifier"]:
        identifiers.append({"kind": "state", "system": "oneroster:userMasterIdentifier", "value": user["userMasterIdentifier"]})
    values: dict[str, Any] = {
        "name": name(user),
        "preferred_name": _present({"first": user["preferredGivenName"], "last": user["preferredFamilyName"]}),
        "identifiers": [one for one in identifiers if one is not None],
    }
    if about is not None:
        born = about.day("birthDate")
        sex = SEXES.get(about["sex"].casefold())
        values |= {
            "birth_date": {"birth_date": born} if born else None,
            "birth_place": _present(
                {
                    "city": about["cityOfBirth"],
                    "state": about["stateOfBirthAbbreviation"],
                    "country": about["countryOfBirthCode"] if len(about["countryOfBirthCode"]) == 2 else None,
                }
            ),
            "sex": code_of("ceds:000255", sex) if sex else None,
        }
    return values


def more_ids(user: Row) -> list[str]:
    """Those that the binding cannot say, from the column of our own. Nothing, if what stands there is not ours."""
    try:
        return [f"{{{one['type']}\0{one['identifier']}}}" for one in json.loads(user[USER_IDS] or "[]")]
    except (ValueError, TypeError, KeyError):
        return []


def is_secret(text: str) -> bool:
    """Whether one of userIds is, or may be, a social security number."""
    inner = text.removeprefix("{").removesuffix("}")
    kind, separator, value = inner.partition(":")
    digits = "".join(one for one in (value if separator else inner) if one not in "- ")
    named = bool(separator) and ("ssn" in kind.casefold() or "social" in kind.casefold())
    return named or ((not kind or not separator) and len(digits) == 9 and digits.isdigit())


def identifier(text: str) -> dict[str, str] | None:
    """`{type:value}` of userIds. A social security number is not taken as an identifier."""
    inner = text.removeprefix("{").removesuffix("}")
    kind, separator, value = inner.partition("\0" if "\0" in inner else ":")
    if not separator or not value or "ssn" in kind.casefold() or "social" in kind.casefold():
        return None
    level = "state" if "state" in kind.casefold() else "district" if kind.casefold() in ("district", "lea", "sis") else "other"
    return {"kind": level, "system": f"oneroster:{kind}", "value": value}


def demographics(about: Row) -> dict[str, Any]:
    """Elements of the demographics section."""
    if about.values.keys().isdisjoint(_OF_RACE):
        return {}
    races = [code_of("ceds:001943", code) for column, code in RACES.items() if _true(about, column)]
    hispanic = _true(about, "hispanicOrLatinoEthnicity")
    if not races and hispanic is None:
        return {}
    return {"race_ethnicity": {"races": races or None, "hispanic_or_latino": hispanic}}


def reached_at(user: Row) -> dict[str, Any]:
    """Telephones and e-mail addresses of a user."""
    numbers = [(user["phone"], "Home"), (user["sms"], "Mobile")]
    telephones = [
        Draft(Telephone, {"number": number, "kind": code_of("ceds:000280", kind)}, user.position) for number, kind in numbers if number
    ]
    emails = [Draft(Email, {"address": user["email"]}, user.position)] if user["email"] else []
    return {"telephones": telephones, "emails": emails}


def guardian(agent: Row, role: str, place: int) -> dict[str, Any]:
    """A guardian from the agent's user row, without rights."""
    return {
        "name": name(agent),
        "relation": code_of("oneroster:role", agent[RELATION] or role),
        "priority": place,
        **reached_at(agent),
    }
