"""Whether a credential has the form that 1EdTech's JSON schemas ask for.

The schemas are those of the data model 1.1. For 2.0, six things differ: `issuanceDate` is `validFrom`, `expirationDate` is `validUntil`, a
status may have the members of its kind, what is told of a person may be the name, an endorsement has a name, may have a description and the
date of its award, and an achievement that is related has a type, and its language as `inLanguage` (context 3.0.3; 1EdTech's own
ob30/complete.json).
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from safepassage.problems.credentials import CredentialMalformed, CredentialsUnavailable

ACHIEVEMENT_TYPES: Final = frozenset({"AchievementCredential", "OpenBadgeCredential"})
CLR_TYPE: Final = "ClrCredential"
_FOLDER: Final = Path(__file__).with_name("schemas")
_SCHEMAS: Final = {
    "achievement": "ob_v3p0_achievementcredential_schema_draft4.json",
    "clr": "clr_v2p0_clrcredential_schema_draft4.json",
}
_OF_MODEL_2: Final = {"issuanceDate": "validFrom", "expirationDate": "validUntil"}


def types_of(credential: Mapping[str, Any]) -> frozenset[str]:
    """The types of a credential. Raises CredentialMalformed where it is not a verifiable credential."""
    given = credential.get("type")
    types = frozenset(one for one in (given if isinstance(given, list) else [given]) if isinstance(one, str))
    if "VerifiableCredential" not in types:
        raise CredentialMalformed("not a verifiable credential", field="type")
    return types


def require_conforming(credential: Mapping[str, Any]) -> None:
    """Check a credential of one of the two standards against its schema.

    Raises CredentialMalformed, whose `field` names the member at fault; CredentialsUnavailable.
    """
    types = types_of(credential)
    name = "clr" if CLR_TYPE in types else "achievement" if types & ACHIEVEMENT_TYPES else None
    if name is None:
        raise CredentialMalformed("neither an achievement nor a learner record", field="type")
    error = next(iter(_validator(name).iter_errors(credential)), None)
    if error is not None:
        where = ".".join(str(part) for part in error.instance_path)
        raise CredentialMalformed(f"not as the schema says: {error.schema_path[-1]}", field=where[:200] or None)
    subject = credential["credentialSubject"]
    if not subject.get("id") and not subject.get("identifier"):
        raise CredentialMalformed("who it is about is not said", field="credentialSubject")


@cache
def _validator(name: str) -> Any:
    try:
        library = import_module("jsonschema_rs")
    except ModuleNotFoundError as error:
        raise CredentialsUnavailable from error
    schema = _of_model_2(json.loads((_FOLDER / _SCHEMAS[name]).read_text(encoding="utf-8")))
    schema["$defs"]["CredentialStatus"]["additionalProperties"] = True
    schema["$defs"]["EndorsementCredential"]["properties"] |= {
        member: {"type": "string"} for member in ("name", "description", "awardedDate")
    }
    schema["$defs"]["Related"]["properties"] |= {"type": {"type": ["array", "string"]}, "inLanguage": {"type": "string"}}
    schema["$defs"]["IdentityObject"]["properties"]["identityType"]["anyOf"][0]["enum"].append("name")
    return library.Draft4Validator(schema)


def _of_model_2(part: Any) -> Any:
    if isinstance(part, dict):
        return {_OF_MODEL_2.get(name, name): _of_model_2(member) for name, member in part.items()}
    if isinstance(part, list):
        return [_of_model_2(member) for member in part]
    return _OF_MODEL_2.get(part, part) if isinstance(part, str) else part
