"""Whose word is enough, C2SP tlog-policy: which logs are known, which witnesses, and which of them together make a checkpoint count."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from safepassage.checkpoints import Checkpoint, parse_checkpoint
from safepassage.cosignatures import COSIGNATURES, Cosignature, verified_cosignatures
from safepassage.notes import ED25519, ML_DSA_44_COSIGNATURE, VerifierKey, parse_note, parse_vkey, verified_signers
from safepassage.problems.proofs import CheckpointNotSigned, ForeignLog, VerifierKeyMalformed
from safepassage.problems.witnessing import QuorumNotReached, WitnessPolicyMalformed

NO_QUORUM: Final = "none"
MAX_BYTES: Final = 2**20
MAX_LINES: Final = 4096
LOG_TYPES: Final = frozenset({ED25519, ML_DSA_44_COSIGNATURE})
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE: Final = re.compile(rb"[ \t]+")


@dataclass(frozen=True)
class PolicyLog:
    """A known log; its name is the origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True)
class PolicyWitness:
    """A known witness by the name that it has in the policy."""

    name: str
    key: VerifierKey
    url: str | None = None
    """Where checkpoints are submitted (C2SP tlog-witness)."""


@dataclass(frozen=True)
class Group:
    """`threshold` of its members make the group."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A policy. Names are as in the file: bytes that are no UTF-8 are kept apart as lone surrogates, none is equal to another."""

    logs: tuple[PolicyLog, ...] = ()
    witnesses: tuple[PolicyWitness, ...] = ()
    groups: tuple[Group, ...] = ()
    """Each after its members."""
    quorum: str = NO_QUORUM

    @property
    def witness_keys(self) -> tuple[VerifierKey, ...]:
        """Every witness's key."""
        return tuple(witness.key for witness in self.witnesses)

    def log_keys(self, origin: str) -> tuple[VerifierKey, ...]:
        """The keys of the log `origin`."""
        return tuple(log.key for log in self.logs if log.key.name == origin)

    def is_reached_by(self, keys: Collection[VerifierKey]) -> bool:
        """Whether the witnesses with these keys make the quorum, if each has cosigned the same checkpoint."""
        if self.quorum == NO_QUORUM:
            return True
        present = set(keys)
        reached: dict[str, bool] = {witness.name: witness.key in present for witness in self.witnesses}
        for group in self.groups:
            reached[group.name] = sum(reached[member] for member in group.members) >= group.threshold
        return reached[self.quorum]


@dataclass(frozen=True)
class Witnessed:
    """A checkpoint that a quorum has cosigned."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


def verify_witnessed(
    note: str | bytes, *, policy: Policy, origin: str | None = None, log_keys: Collection[VerifierKey] | None = None
) -> Witnessed:
    """The checkpoint in `note`, once its log has signed it and the policy's quorum has cosigned it.

    origin    the log that is expected, where one is; else any log of the policy
    log_keys  the log's keys, where they are known from elsewhere; by default those of the policy

    Raises NoteMalformed, ForeignLog, CheckpointSignatureInvalid, CheckpointNotSigned, CosignatureInvalid, QuorumNotReached.
    """
    parsed = parse_note(note)
    checkpoint = parse_checkpoint(parsed.text)
    known = policy.log_keys(checkpoint.origin) if log_keys is None else tuple(key for key in log_keys if key.name == checkpoint.origin)
    if not known or origin not in (None, checkpoint.origin):
        raise ForeignLog
    signers = {*verified_signers(parsed, keys=known), *(one.key for one in verified_cosignatures(parsed, keys=known))}
    if not signers:
        raise CheckpointNotSigned
    cosignatures = verified_cosignatures(parsed, keys=policy.witness_keys)
    if not policy.is_reached_by([one.key for one in cosignatures]):
        raise QuorumNotReached
    return Witnessed(checkpoint, cosignatures)


def parse_policy(text: bytes) -> Policy:
    """Read a policy file. Raises WitnessPolicyMalformed, which names the line."""
    if len(text) > MAX_BYTES or text.count(b"\n") > MAX_LINES:
        raise WitnessPolicyMalformed("it is too long")
    if text and not text.endswith(b"\n"):
        raise WitnessPolicyMalformed("its last line does not end")
    reader = _Reader()
    for number, line in enumerate(text.split(b"\n")[:-1], 1):
        try:
            reader.take(line)
        except UnicodeError:
            raise WitnessPolicyMalformed(f"line {number}: a key's name is not UTF-8") from None
        except (ValueError, VerifierKeyMalformed) as error:
            raise WitnessPolicyMalformed(f"line {number}: {error}") from None
    if reader.quorum is None:
        raise WitnessPolicyMalformed("it has no quorum line")
    return Policy(tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups), reader.quorum)


class _Reader:
    """What the lines have said so far. Each method raises ValueError, whose text repeats nothing of the line."""

    def __init__(self) -> None:
        self.logs: list[PolicyLog] = []
        self.witnesses: list[PolicyWitness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()
        self._public_keys: set[bytes] = set()
        self._log_public_keys: set[bytes] = set()

    def take(self, line: bytes) -> None:
        if _CONTROL.search(line):
            raise ValueError("a control character")
        words = [word.decode("utf-8", "surrogateescape") for word in _SPACE.split(line) if word]
        if not words or words[0].startswith("#"):
            return
        keyword, *rest = words
        takers: Mapping[str, partial[None]] = {
            "log": partial(self._log, rest),
            "witness": partial(self._witness, rest),
            "group": partial(self._group, rest),
            "quorum": partial(self._quorum, rest),
        }
        if keyword not in takers:
            raise ValueError("not log, witness, group or quorum")
        takers[keyword]()

    def _log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            raise ValueError("log <vkey> [<url>]")
        key = self._key(words[0], LOG_TYPES)
        if key.public_key in self._log_public_keys | self._public_keys:
            raise ValueError("this public key is there already")
        self._log_public_keys.add(key.public_key)
        self.logs.append(PolicyLog(key, *words[1:]))

    def _witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            raise ValueError("witness <name> <vkey> [<url>]")
        key = self._key(words[1], COSIGNATURES)
        if key.public_key in self._log_public_keys | self._public_keys:
            raise ValueError("this public key is there already")
        self._public_keys.add(key.public_key)
        self._define(words[0])
        self.witnesses.append(PolicyWitness(words[0], key, *words[2:]))

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise ValueError("group <name> all|any|<k> <name>...")
        name, rule, *members = words
        self._define(name)
        self._names.discard(name)  # not before its members: a group has not itself as one
        for member in members:
            if member not in self._names:
                raise ValueError("a member that no line before defines")
            if member in self._members:
                raise ValueError("a name that is a member already")
            self._members.add(member)
        self._names.add(name)
        self.groups.append(Group(name, _threshold(rule, len(members)), tuple(members)))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1:
            raise ValueError("quorum <name>|none")
        if self.quorum is not None:
            raise ValueError("a second quorum line")
        if words[0] != NO_QUORUM and words[0] not in self._names:
            raise ValueError("a name that no line before defines")
        self.quorum = words[0]

    def _define(self, name: str) -> None:
        if name == NO_QUORUM or name in self._names:
            raise ValueError("a name that is taken")
        self._names.add(name)

    @staticmethod
    def _key(vkey: str, types: Collection[int]) -> VerifierKey:
        key = parse_vkey(vkey)
        if key.type not in types:
            raise ValueError("a key of another type")
        return key


def _threshold(rule: str, members: int) -> int:
    if rule in ("all", "any"):
        return members if rule == "all" else 1
    if not (rule.isascii() and rule.isdecimal()) or len(rule) > 6 or str(int(rule)) != rule or not 1 <= int(rule) <= members:
        raise ValueError("not all, any, or a number from 1 to that of the members")
    return int(rule)


def submission_urls(policy: Policy) -> Iterator[tuple[str, tuple[PolicyWitness, ...]]]:
    """Where a log submits its checkpoints: each URL once, with the witnesses that answer there (one with keys of both types is two)."""
    at: dict[str, list[PolicyWitness]] = {}
    for witness in policy.witnesses:
        if witness.url is not None:
            at.setdefault(witness.url.rstrip("/"), []).append(witness)
    yield from ((url, tuple(witnesses)) for url, witnesses in at.items())
