"""The keys that an auditor names: a log's, a signer's. From the command line or from a trust list; never from what is verified."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from safepassage.canonical import json_object
from safepassage.compact import PublicKey, PublicKeys, message_key_of, split, thumbprint
from safepassage.logged import LogIdentity
from safepassage.node_statement import verify_node_statement
from safepassage.notes import VerifierKey, parse_vkey
from safepassage.problems.signatures import MalformedToken
from safepassage.problems.trust import NotAMember
from safepassage.public_keys import P384Jwk, PublicJwk, by_kid
from safepassage.trust_list import TrustList, read_pinned_trust_list


@dataclass
class NamedKeys:
    """What signatures are checked against."""

    log_keys: list[VerifierKey] = field(default_factory=list)
    signing_keys: PublicKeys = field(default_factory=dict)
    trust_list: TrustList | None = None
    by_statement: dict[str, PublicKeys] = field(default_factory=dict)
    """By entity id, the signing keys that a node's statement lists."""

    def signing_keys_of(self, issuer: str) -> PublicKeys:
        """The keys that may speak for `issuer`: those of its statement; without one, those that were named and are no other node's."""
        if issuer in self.by_statement:
            return self.by_statement[issuer]
        others = {kid for keys in self.by_statement.values() for kid in keys}
        return {kid: key for kid, key in self.signing_keys.items() if kid not in others}

    def logs(self, issuer: str | None) -> tuple[LogIdentity, ...]:
        """The logs that may speak for `issuer`: named ones, and those that the trust list has for it.

        A retired key still proves what was logged while it was in use; offline both kinds count.
        """
        named = {key.name: LogIdentity(key.name, tuple(k for k in self.log_keys if k.name == key.name)) for key in self.log_keys}
        if self.trust_list is not None:
            for member in self.trust_list.members:
                if issuer in (None, member.entity_id):
                    for log in member.log_identities():
                        named.setdefault(log.origin, LogIdentity(log.origin, (*log.keys, *log.retired_keys)))
        return tuple(named.values())

    def all_log_keys(self) -> list[VerifierKey]:
        """Every log key that was named."""
        return [key for log in self.logs(None) for key in log.keys]


def vkey_of(value: str) -> VerifierKey:
    """A vkey, or a file that holds one. Raises VerifierKeyMalformed."""
    path = Path(value)
    try:
        text = path.read_text(encoding="utf-8") if "+" not in value and path.is_file() else value
    except OSError:
        text = value
    return parse_vkey(text.strip())


def signing_keys_of(path: Path) -> PublicKeys:
    """The keys in a JWK file or a JWK set, by their thumbprints. Raises MalformedToken."""
    try:
        document = json_object(path.read_bytes())
        jwks = document.get("keys", [document])
        keys = [message_key_of(jwk) for jwk in jwks]
    except (OSError, ValueError, TypeError, MalformedToken) as error:
        raise MalformedToken(f"{path.name} holds no public JWK of Ed25519 or P-384") from error
    return {thumbprint(key): key for key in keys}


def named_keys(
    *,
    log_keys: Sequence[str] = (),
    signing_key_files: Sequence[Path] = (),
    trust_list: tuple[Path, str] | None = None,
    statements: Sequence[Path] = (),
) -> NamedKeys:
    """What the command line names.

    trust_list  file and digest; the digest is what makes it trusted
    statements  node statements of the time in question; who signed them is in the trust list

    Raises VerifierKeyMalformed, MalformedToken, what `read_pinned_trust_list` and `verify_node_statement` raise.
    """
    signing: dict[str, PublicKey] = {}
    for path in signing_key_files:
        signing.update(signing_keys_of(path))
    pinned: TrustList | None = None
    if trust_list is not None:
        pinned = read_pinned_trust_list(trust_list[0].read_bytes(), digest=trust_list[1], development=True).content
    by_statement: dict[str, PublicKeys] = {}
    for path in statements:
        entity_id, listed = _statement_keys(path.read_text(encoding="utf-8").strip(), pinned)
        by_statement[entity_id] = {**by_statement.get(entity_id, {}), **by_kid(listed)}
        signing.update(by_kid(listed))
    return NamedKeys([vkey_of(value) for value in log_keys], signing, pinned, by_statement)


def _statement_keys(token: str, trust_list: TrustList | None) -> tuple[str, tuple[PublicJwk | P384Jwk, ...]]:
    claims = split(token)[1]
    entity_id, issued = claims.get("iss"), claims.get("iat")
    member = next((m for m in trust_list.members if m.entity_id == entity_id), None) if trust_list is not None else None
    if member is None or not isinstance(issued, int):
        raise NotAMember("a node statement counts only together with the trust list that names its key")
    # As of its own time: whether its keys are in use today is not what an auditor asks.
    now = datetime.fromtimestamp(issued, UTC)
    keys = by_kid(member.statement_keys)
    statement = verify_node_statement(token, entity_id=member.entity_id, keys=keys, lowest_serial=0, now=now).message
    return member.entity_id, statement.exchange_signing
