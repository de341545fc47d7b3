"""Verifying a credential offline: a learner record or a badge, with the status list that its issuer published."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from safepassage.canonical import from_base64url, json_object
from safepassage.credentials.issuers import IssuerKeys, did_of, keys_of_document
from safepassage.credentials.vc_jwt import read_unverified
from safepassage.credentials.verification import VerifiedCredential, read_credential, verify_credential
from safepassage.offline.evidence import Evidence
from safepassage.offline.keys import NamedKeys
from safepassage.problems.credentials import CredentialMalformed

_TYPES = ("JWT", "vc+jwt", None)


def is_credential(data: bytes) -> bool:
    """Whether the bytes look like a credential: JSON-LD, or a JWT that is no message of ours."""
    try:
        if data.lstrip()[:1] == b"{":
            return "@context" in json_object(data)
        return json_object(from_base64url(data.partition(b".")[0].decode("ascii"))).get("typ") in _TYPES
    except ValueError:
        return False


def verify_credential_document(
    data: bytes, *, keys: NamedKeys, issuers: Sequence[Path], status_lists: Sequence[Path], now: datetime
) -> Evidence:
    """What a credential shows.

    issuers       DID documents of issuers, beside the nodes whose statements `keys` has
    status_lists  as their issuers publish them; each counts for the URL that it says it is at

    Raises what `verify_credential` and `keys_of_document` raise; OSError.
    """
    documents = dict(keys_of_document(path.read_bytes()) for path in issuers)
    nodes = {did_of(entity_id): entity_id for entity_id in keys.by_statement}
    lists = {_url_of(path.read_bytes()): path.read_bytes() for path in status_lists}

    def keys_of(issuer: str) -> IssuerKeys:
        return documents[issuer] if issuer in documents else keys.signing_keys_of(nodes.get(issuer, issuer))

    return _evidence(verify_credential(data, keys_of=keys_of, status_list_of=lists.get, now=now))


def _url_of(status_list: bytes) -> str:
    """Not verified: where the list says that it is. Raises CredentialMalformed."""
    given = read_credential(status_list)
    url = (read_unverified(given) if isinstance(given, str) else given).get("id")
    if not isinstance(url, str):
        raise CredentialMalformed("a status list says where it is published", field="id")
    return url


def _evidence(verified: VerifiedCredential) -> Evidence:
    document = verified.document
    subject, issuer = document["credentialSubject"], document["issuer"]
    names = [one["identityHash"] for one in subject.get("identifier", ()) if one.get("identityType") == "name" and not one.get("hashed")]
    whose = f" of {_one_line(names[0])}" if names else ""
    by = f"{_one_line(issuer.get('name', ''))} ({verified.issuer})" if issuer.get("name") else verified.issuer
    holds = "It is not revoked." if "credentialStatus" in document else "It cannot be revoked."
    within = f", with {len(verified.parts)} credentials in it, each verified" if verified.parts else ""
    sentence = f'"{_one_line(document["name"])}"{whose} was issued by {by} at {document["validFrom"]}{within}. {holds}'
    facts: dict[str, Any] = {"credential_id": document["id"], "issuer": verified.issuer, "form": verified.form, "document": dict(document)}
    return Evidence(sentence, {**facts, "parts": [part.document["id"] for part in verified.parts]})


def _one_line(text: Any) -> str:
    """What a stranger wrote, fit for a terminal."""
    return json.dumps(str(text), ensure_ascii=True)[1:-1]
