"""The trust list's own state in a sentence, what follows from it, and what to do. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from safepassage.claims import CLOCK_SKEW_SECONDS
from safepassage.problems import REGISTRY
from safepassage.trust_list import STALE_SECONDS
from safepassage.wire_peers import HeldTrustList, TrustListStanding
from services.gateway.console.states_known import StatesKnown
from services.gateway.console.viewing import Viewing

Translate = Callable[[str], str]

FRESH: Final = timedelta(seconds=STALE_SECONDS)
SOON: Final = timedelta(days=2)
"""Before it grows stale a next one should be there: lists are signed again every week."""

INSTALL: Final = "safepassage-node trust install NODE LIST.jws"
INSTALL_FIRST: Final = "safepassage-node trust install NODE LIST.jws --digest DIGEST"
INSTALL_BETWEEN: Final = "safepassage-node trust install NODE LIST.jws --earlier BETWEEN.jws"


@dataclass(frozen=True)
class ListSaid:
    """A sentence of the list, with its tone."""

    tone: Literal["good", "warn", "danger"]
    says: str
    more: str
    do: str = ""
    """What an operator does, where something is to be done."""
    command: str = ""


def list_said(known: StatesKnown, viewing: Viewing, _: Translate) -> list[ListSaid]:
    """How the list stands first, then what else is wrong with it."""
    standing = known.standing
    said = [_in_force(standing.held, viewing, _)]
    if standing.refused is not None:
        said.append(_refused(standing, _))
    if standing.held is not None:
        serials = {one.held.serial if one.held is not None else 0 for one in _standings(known)}
        if len(serials) > 1:
            says = _("The services of this node do not hold the same list.")
            more = _("Each verifies it by itself. Until they agree, what one takes for a member another may refuse.")
            said.append(ListSaid("warn", says, more, _("Put the newest list where each service reads it."), INSTALL))
        said += _own(known, _)
    return said


def _standings(known: StatesKnown) -> list[TrustListStanding]:
    others = [one.trust_list for one in (known.peers, known.witnesses) if one is not None]
    return [known.standing, *others]


def holders(known: StatesKnown, number: Callable[[float], str], _: Translate) -> list[tuple[str, str]]:
    """Which list each service holds, by serial."""
    told = (
        (_("Gateway"), known.standing),
        (_("Records"), None if known.peers is None else known.peers.trust_list),
        (_("Audit"), None if known.witnesses is None else known.witnesses.trust_list),
    )
    return [
        (
            name,
            _("does not answer") if one is None else _("none") if one.held is None else _("serial %(n)s") % {"n": number(one.held.serial)},
        )
        for name, one in told
    ]


def is_stale(held: HeldTrustList, now: datetime) -> bool:
    """Receipts and refusals go out under it, records do not."""
    return now >= held.issued_at + FRESH


def _in_force(held: HeldTrustList | None, viewing: Viewing, _: Translate) -> ListSaid:
    now, newest = viewing.now, _("Install the newest list. It is signed again every week, with changes or without.")
    if held is None:
        says, more = _("This node holds no trust list."), _("Nobody is a member for it: it exchanges nothing with any state.")
        return ListSaid(
            "danger", says, more, _("Install the network’s first list, by the digest that you were told by another way."), INSTALL_FIRST
        )
    if now >= held.expires_at:
        more = _("It ended %(when)s: nothing is exchanged with anybody.") % {"when": viewing.instant(held.expires_at)}
        return ListSaid("danger", _("The trust list has expired."), more, newest, INSTALL)
    if now + timedelta(seconds=CLOCK_SKEW_SECONDS) < held.issued_at:
        more = _("It says that it was issued %(when)s: nothing is exchanged until then.") % {"when": viewing.instant(held.issued_at)}
        return ListSaid(
            "danger",
            _("The trust list is of a time that has not come."),
            more,
            _("Look at this node’s clock."),
            "safepassage-node doctor NODE",
        )
    if is_stale(held, now):
        more = _("It was issued %(when)s. Receipts and refusals go out, records do not.") % {"when": viewing.instant(held.issued_at)}
        return ListSaid("danger", _("The trust list is older than seven days."), more, newest, INSTALL)
    until = held.issued_at + FRESH
    more = _("Issued %(when)s. Records go out under it until %(until)s.") % {
        "when": viewing.instant(held.issued_at),
        "until": viewing.instant(until),
    }
    if until - now < SOON:
        return ListSaid("warn", _("The trust list grows old."), more, newest, INSTALL)
    return ListSaid("good", _("The trust list is in force."), more)


def _refused(standing: TrustListStanding, _: Translate) -> ListSaid:
    """A list lies in the file of the settings, and was not taken."""
    shown, held = standing.shown_serial, standing.held
    if standing.refused == "trust-list-rolled-back" and shown is not None and held is not None:
        if shown > held.serial:
            says = _("This node is behind: a list between its own and the newest is missing.")
            more = _("Shown is serial %(shown)s, held is serial %(held)s.") % {"shown": shown, "held": held.serial}
            return ListSaid(
                "warn", says, more, _("Get the lists between from the network’s registry and install them with it."), INSTALL_BETWEEN
            )
        says = _("An older list than the one held was shown to this node, or another of its serial. It was refused.")
        more = _("Shown is serial %(shown)s, held is serial %(held)s. Somebody may want a member back who is out.") % {
            "shown": shown,
            "held": held.serial,
        }
        return ListSaid("danger", says, more, _("Find out who put it there, then install the newest list."), INSTALL)
    problem = REGISTRY.get(standing.refused or "")
    more = f"{_(problem.title)}." if problem is not None else standing.refused or ""
    return ListSaid(
        "warn",
        _("A list was shown to this node that it did not take."),
        more,
        _("Get the list again from the network’s registry."),
        INSTALL,
    )


def _own(known: StatesKnown, _: Translate) -> list[ListSaid]:
    if known.own is None:
        more = _("No other node believes it. It joins by the network’s next list.")
        return [
            ListSaid(
                "warn",
                _("This node itself is not on the list."),
                more,
                _("Give the network its description."),
                "safepassage-node trust member NODE",
            )
        ]
    if known.own.status != "active":
        more = _("No other node takes anything of it.")
        return [ListSaid("danger", _("This node itself is suspended or expelled."), more, _("Call the network’s registry."))]
    return []
