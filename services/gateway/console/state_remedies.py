"""What an operator does where something is wrong with another state's node, and by which command. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from safepassage.problems import REGISTRY
from safepassage.trust_members import Member
from safepassage.wire_peers import PeerStanding
from safepassage.wire_reconciliations import DayCompared
from services.gateway.console.state_rows import SILENT
from services.gateway.console.state_words import FINDING_REMEDIES, FINDINGS, STATEMENT_PROBLEMS, WITNESS_FINDINGS
from services.gateway.console.states_known import StatesKnown
from services.gateway.console.states_shown import findings_of, key_in_use, reach_of, witness_of
from services.gateway.console.viewing import Viewing

Translate = Callable[[str], str]

WITNESSES: Final = "safepassage-node trust witnesses NODE --at-least NUMBER"


@dataclass(frozen=True)
class Remedy:
    """Something that is wrong, and what to do about it."""

    tone: Literal["warn", "danger"]
    says: str
    do: str
    command: str = ""


def remedies(member: Member, known: StatesKnown, days: Sequence[DayCompared], viewing: Viewing, _: Translate) -> list[Remedy]:
    """What weighs most in front."""
    peer = known.peer(member.entity_id)
    found = [*_on_list(member, _), *_witnessing(member, known, viewing.now, _), *_counters(days, viewing, _)]
    if peer is not None and member.status == "active":
        found += _keys(peer, viewing.now, _)
        found += _reached(member, peer, viewing, _)
    return sorted(found, key=lambda one: one.tone != "danger")


def _on_list(member: Member, _: Translate) -> Iterator[Remedy]:
    if member.status == "suspended":
        do = _("Nothing goes to it and nothing of it is taken until a next list says otherwise. Ask the network’s registry why.")
        yield Remedy("danger", _("The network has suspended it."), do)
    if member.status == "revoked":
        do = _("Nothing goes to it and nothing of it is taken. It never comes back under the same address.")
        yield Remedy("danger", _("The network has expelled it."), do)


def _keys(peer: PeerStanding, now: datetime, _: Translate) -> Iterator[Remedy]:
    problem = peer.statement_problem
    if problem is not None:
        known = REGISTRY.get(problem)
        says = _(STATEMENT_PROBLEMS[problem]) if problem in STATEMENT_PROBLEMS else _(known.title) if known is not None else problem
        do = _("Nothing can be sealed to it meanwhile. Call its operators: they sign a new statement of its keys.")
        yield Remedy("warn", f"{says}.", do, "safepassage-node keys statement NODE")
    elif peer.statement is not None and peer.statement.suite is None:
        do = _("Nothing can be sealed to it. Agree on a suite with its operators; each node lists its own.")
        yield Remedy("danger", _("Both nodes have no suite of algorithms in common."), do, "safepassage-node keys statement NODE")
    elif peer.statement is not None and key_in_use(peer, now) is None:
        do = _("Nothing can be sealed to it meanwhile. Call its operators: they sign a new statement of its keys.")
        yield Remedy("warn", _("None of its keys is for this week."), do, "safepassage-node keys statement NODE")


def _reached(member: Member, peer: PeerStanding, viewing: Viewing, _: Translate) -> Iterator[Remedy]:
    if reach_of(member, peer, viewing.now) in SILENT:
        do = _("What waits is tried again by itself until it expires. If it stays so, call its operators.")
        yield Remedy("warn", _("It does not answer."), do, "safepassage-node letters waiting --client FILE")
    letters = peer.waiting.letters
    if letters:
        says = _("1 message did not arrive.") if letters == 1 else _("%(n)s messages did not arrive.") % {"n": viewing.number(letters)}
        yield Remedy("danger", says, _("Look at each: send it again, or give it up."), "safepassage-node letters list --client FILE")


def _counters(days: Sequence[DayCompared], viewing: Viewing, _: Translate) -> Iterator[Remedy]:
    counted: dict[str, int] = {}
    for day in days:
        for one in day.findings:
            counted[one.kind] = counted.get(one.kind, 0) + one.count
    for kind, (do, command) in FINDING_REMEDIES.items():
        if kind in counted:
            yield Remedy("danger", f"{_(FINDINGS[kind])}: {viewing.number(counted[kind])}.", _(do), command)
    lapsed = sum(one.state == "lapsed" for one in days)
    if lapsed:
        says = _("1 day could not be compared.") if lapsed == 1 else _("%(n)s days could not be compared.") % {"n": viewing.number(lapsed)}
        yield Remedy("warn", says, _("It did not answer for a week. Ask its operators whether their counts of that time agree with ours."))


def _witnessing(member: Member, known: StatesKnown, now: datetime, _: Translate) -> Iterator[Remedy]:
    if known.witnesses is None:
        return
    for one in findings_of(member, known.witnesses):
        says, do = WITNESS_FINDINGS.get(one.kind, (one.kind, ""))
        yield Remedy("danger", f"{_(says)}.", _(do) if do else "", "safepassage-node doctor NODE")
    if member.status == "active" and witness_of(member, known.witnesses, now) in ("late", "none-yet"):
        do = _("Look whether its address and keys in our policy of witnesses are those of the newest trust list.")
        yield Remedy("warn", _("It is named as a witness of our log and does not cosign it."), do, WITNESSES)
