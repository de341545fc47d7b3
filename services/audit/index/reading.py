"""Reading entries for the index: the leaf, and what of it can be opened. In pieces that keep nobody waiting long."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json

from safepassage.leaf import SALT_BYTES, parse_leaf
from services.audit.driver import Driver
from services.audit.index.members import ActorMembers, ContextMembers, actor_members, context_members
from services.audit.index.terms import Facts, facts_of
from services.audit.leaves import leaves_at, leaves_of
from services.audit.sealed_parts import SealedPart, parts_at, parts_between
from services.audit.sealing import SealBroken, entry_binding, open_salted
from services.audit.subject_keys import SubjectKeys

ENTRIES_OF_A_PIECE: Final = 512
PARTS_OF_A_PIECE: Final = 768
"""Sealed parts that are opened at once, but for one entry that has more (a page of 1,000 students)."""

_LEAF = re.compile(
    rb'\{"class":"([a-z-]{1,32})","commitments":\{.{165}\},"digests":\{.{165}\},"id":"([0-9a-f-]{36})","key_epoch":([0-9]{1,4}),'
    rb'"policy_hash":"([A-Za-z0-9_-]{43})","t":([0-9]{1,13}),"v":1\}'
)
_SUBJECT = re.compile(rb'\{"custodian":"([0-9a-f-]{36})"(,"student":"[0-9a-f-]{36}","tag":"[A-Za-z0-9_-]{22}")?\}')
"""What `services.audit.entries` writes. Any other form is parsed as JSON."""


class Indexed(NamedTuple):
    """An entry as the index has it."""

    at: int
    t: int
    """Whole seconds since the epoch."""
    epoch: int
    facts: Facts
    subjects: int
    is_open: bool
    """Otherwise it was destroyed, or does not open."""


def read_piece(driver: Driver, keys: SubjectKeys, *, year: int, start: int, end: int) -> list[Indexed]:
    """The next entries of [start, end), at least one; start < end <= the log's size."""
    end = min(end, start + ENTRIES_OF_A_PIECE)
    parts = parts_between(driver, year, start, end, limit=PARTS_OF_A_PIECE)
    if len(parts) == PARTS_OF_A_PIECE:
        end = max(parts[-1].at, start + 1)
        parts = [part for part in parts if part.at < end] if end > start + 1 else parts_between(driver, year, start, end)
    return _opened(driver, keys, year, {start + n: leaf for n, leaf in enumerate(leaves_of(driver, year, start, end))}, parts)


def read_places(driver: Driver, keys: SubjectKeys, *, year: int, indices: Sequence[int]) -> list[Indexed]:
    """The entries with these indices, in their order."""
    leaves = leaves_at(driver, year, sorted(indices))
    return _opened(driver, keys, year, leaves, parts_at(driver, year, indices))


def students_in(
    driver: Driver, keys: SubjectKeys, *, year: int, indices: Sequence[int], but: Collection[bytes]
) -> Iterator[tuple[bytes, UUID, str | None]]:
    """Tag, id and custodian of the students whom entries are about, as far as they open; not of those whose tag is in `but`."""
    wanted = [part for part in parts_at(driver, year, indices) if part.key_id not in but]
    if not wanted:
        return
    ((origin,),) = driver.rows("SELECT origin FROM log WHERE year = ?", year)
    leaves = leaves_at(driver, year, sorted({part.at for part in wanted}))
    ciphers = keys.find_with(driver, list({part.key_id for part in wanted}))
    for part in wanted:
        cipher = ciphers.get(part.key_id)
        if cipher is None:
            continue
        try:
            opened = open_salted(cipher, part.groups, bound_to=entry_binding(origin, _members(leaves[part.at])[1]))
            members = from_json(opened["subject"][SALT_BYTES:]) if "subject" in opened else {}
        except (SealBroken, ValueError):
            continue
        if "student" in members:
            yield part.key_id, UUID(members["student"]), members.get("custodian")


def _opened(driver: Driver, keys: SubjectKeys, year: int, leaves: Mapping[int, bytes], parts: Sequence[SealedPart]) -> list[Indexed]:
    ((origin,),) = driver.rows("SELECT origin FROM log WHERE year = ?", year)
    ciphers = keys.find_with(driver, list({part.key_id for part in parts}))
    of_entry: dict[int, list[SealedPart]] = {}
    for part in parts:
        of_entry.setdefault(part.at, []).append(part)
    return [_indexed(at, leaf, of_entry.get(at, ()), ciphers, origin) for at, leaf in leaves.items()]


def _indexed(at: int, leaf: bytes, parts: Sequence[SealedPart], ciphers: Mapping[bytes, AESGCM], origin: str) -> Indexed:
    class_, entry_id, epoch, policy_hash, t = _members(leaf)
    bound_to = entry_binding(origin, entry_id)
    actor: ActorMembers | None = None
    context: ContextMembers | None = None
    custodians: set[str] = set()
    subjects = 0
    for part in parts:
        cipher = ciphers.get(part.key_id)
        if cipher is None:
            continue
        try:
            opened = open_salted(cipher, part.groups, bound_to=bound_to)
            if "context" in opened:
                actor, context = actor_members(opened["actor"][SALT_BYTES:]), context_members(opened["context"][SALT_BYTES:])
            if "subject" in opened:
                custodian, is_student = _subject(opened["subject"][SALT_BYTES:])
                subjects += is_student
                if custodian is not None:
                    custodians.add(custodian)
        except (SealBroken, ValueError):
            continue  # what does not open is indexed as what was destroyed; `verify-log` finds what was altered
    facts = facts_of(class_, policy_hash, actor=actor, context=context, custodians=custodians)
    return Indexed(at, t, epoch, facts, subjects, context is not None)


def _subject(payload: bytes) -> tuple[str | None, bool]:
    """Who keeps the student's records, and whether there is a student."""
    found = _SUBJECT.fullmatch(payload)
    if found is None:
        members = from_json(payload)
        return members.get("custodian"), "student" in members
    return found[1].decode(), found[2] is not None


def _members(entry: bytes) -> tuple[str, str, int, str, int]:
    """Class, id, epoch, policy hash and time of a leaf."""
    found = _LEAF.fullmatch(entry)
    if found is None:
        leaf = parse_leaf(entry)
        return leaf.class_, str(leaf.id), leaf.key_epoch, leaf.policy_hash, leaf.t
    class_, entry_id, epoch, policy_hash, t = found.groups()
    return class_.decode(), entry_id.decode(), int(epoch), policy_hash.decode(), int(t)
