"""How what is on record of one student is shown. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from safepassage.wire_directory import Preference
from safepassage.wire_log import AccountedEntry, Party
from safepassage.wire_policy import Consent
from safepassage.wire_retention import LegalHold
from safepassage.wire_student_rights import RightsRequest
from services.gateway.console.decision_words import BASIS_WORDS
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.log_rows import entry_href
from services.gateway.console.pages import Frame
from services.gateway.console.peers_named import NamedPeers
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.student_words import (
    AWAITED,
    GOING_ON,
    HOLD_REASONS,
    PHASES,
    PREFERENCE_KINDS,
    REQUEST_KINDS,
    REQUEST_STATES,
    STANDINGS,
    Tone,
)
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import coded
from services.gateway.console.words import spaced


@dataclass(frozen=True)
class ShownEntry:
    """A row of the accounting."""

    at: datetime
    tone: Tone
    mark: str
    what: str
    who: str
    through: str
    purpose: str
    basis: str
    law: str
    data: tuple[str, ...]
    note: str
    index: str
    href: str | None
    """The entry's own page."""


@dataclass(frozen=True, kw_only=True)
class ShownStanding:
    """A consent, an opt-out, a request: what it is, and whether it stands."""

    name: str
    more: str
    at: datetime
    tone: Tone
    mark: str
    state: str
    code: str
    """Of the state."""
    kind: tuple[str, str] = ("", "")
    """What else it is narrowed by: a code, and what it is called."""
    act: str | None = None
    filed: Mapping[str, object] = field(default_factory=dict)
    """What a file says of it."""


def shown_entry(entry: AccountedEntry, frame: Frame, peers: NamedPeers, names: Mapping[str, str]) -> ShownEntry:
    """One request or disclosure."""
    _ = frame.translate
    mark, what = PHASES[entry.phase]
    refused = entry.phase == "request" and entry.outcome == "deny"
    basis, law = BASIS_WORDS.get(entry.interest.basis or "", (spaced(entry.interest.basis or ""), ""))
    node = entry.party.node
    return ShownEntry(
        at=entry.at,
        tone="danger" if refused else "warn" if entry.phase in ("emergency", "withdrawal") else "plain",
        mark="cross" if refused else mark,
        what=_("Refused") if refused else _(what),
        who=party_name(entry.party, frame, names),
        through="" if node is None or entry.party.organisation is None else peers.state(node),
        purpose=_(PURPOSE_WORDS[purpose]) if (purpose := entry.interest.purpose or "") in PURPOSE_WORDS else spaced(purpose),
        basis=_(basis) if basis else "",
        law="; ".join(entry.interest.citations) or law,
        data=tuple(_(ELEMENT_WORDS.get(one, one)) for one in entry.elements),
        note=_note(entry, frame, names),
        index=frame.viewing.number(entry.index),
        href=entry_href(entry.log, entry.index, entry.proof),
    )


def _note(entry: AccountedEntry, frame: Frame, names: Mapping[str, str]) -> str:
    """Who passed it on; why the law asks for no record."""
    _, notes = frame.translate, list[str]()
    if entry.passed_on_by is not None:
        notes.append(_("Passed on by %(who)s") % {"who": party_name(entry.passed_on_by, frame, names)})
    if entry.exempt_by is not None:
        notes.append(_("The law asks for no record of this one: %(why)s") % {"why": entry.exempt_by})
    return ". ".join(notes)


def party_name(party: Party, frame: Frame, names: Mapping[str, str]) -> str:
    """Who it was: an organisation, never a person of it. Behind another node as that one called it, or its agency's name, or its id."""
    if party.organisation is None:
        return party.agency or party.node or frame.translate("This agency")
    return names.get(party.organisation) or party.name or party.organisation.rpartition("#")[2]


def shown_consent(consent: Consent, frame: Frame, names: Mapping[str, str], *, act: str | None) -> ShownStanding:
    """What may be given to whom, and whether it still may."""
    _, viewing = frame.translate, frame.viewing
    to = names.get(consent.recipient_id) or consent.recipient_id.rpartition("#")[2]
    parts = [_(ELEMENT_WORDS.get(one, one)) for one in consent.elements]
    code = "in-force"
    if consent.withdrawn_at is not None:
        code = "withdrawn"
    elif consent.expires_at is not None and consent.expires_at <= viewing.now:
        code = "expired"
    tone, mark, said = STANDINGS[code]
    return ShownStanding(
        name=_("May be given to %(who)s") % {"who": to},
        more=", ".join(parts),
        at=consent.granted_at,
        tone=tone,
        mark=mark,
        state=_(said),
        code=code,
        kind=(coded(consent.recipient_id), to),
        act=act if code == "in-force" else None,
        filed={"id": str(consent.id), "recipient_id": consent.recipient_id, "elements": list(consent.elements)},
    )


def shown_preference(one: Preference, frame: Frame, *, act: str) -> ShownStanding:
    """An opt-out or a refusal."""
    _, code = frame.translate, "in-force" if one.rescinded_at is None else "taken-back"
    tone, mark, said = STANDINGS[code]
    name, filed = _(PREFERENCE_KINDS[one.of.kind]), {"id": str(one.id), "kind": one.of.kind}
    back = act if code == "in-force" else None
    return ShownStanding(
        name=name,
        more="",
        at=one.recorded_at,
        tone=tone,
        mark=mark,
        state=_(said),
        code=code,
        kind=(one.of.kind, name),
        act=back,
        filed=filed,
    )


def shown_hold(one: LegalHold, frame: Frame) -> ShownStanding:
    """What must be kept, by the number of its file."""
    _, code = frame.translate, "holds" if one.lifted_at is None else "lifted"
    tone, mark, said = STANDINGS[code]
    name, filed = _(HOLD_REASONS[one.reason]), {"id": str(one.id), "reason": one.reason, "reference": one.reference}
    return ShownStanding(
        name=name,
        more=one.reference,
        at=one.placed_at,
        tone=tone,
        mark=mark,
        state=_(said),
        code=code,
        kind=(one.reason, name),
        act=None,
        filed=filed,
    )


def shown_request(one: RightsRequest, frame: Frame) -> ShownStanding:
    """What was asked, and how far it is."""
    _, viewing = frame.translate, frame.viewing
    is_awaited = one.state in AWAITED[one.kind]
    open_ = is_awaited or (one.kind, one.state) in GOING_ON
    late = is_awaited and one.overdue_at is not None and one.overdue_at <= viewing.now
    tone: Tone = "danger" if late else "warn" if open_ else "plain"
    more = _("Too late from %(when)s") % {"when": viewing.instant(one.overdue_at)} if is_awaited and one.overdue_at is not None else ""
    state = _(REQUEST_STATES[one.state]) if one.state in REQUEST_STATES else spaced(one.state)
    name, overdue = _(REQUEST_KINDS[one.kind]), None if one.overdue_at is None else utc(one.overdue_at)
    filed = {"id": str(one.id), "kind": one.kind, "organisation_id": str(one.organisation_id), "overdue_at": overdue}
    mark = "clock" if open_ else "check"
    return ShownStanding(
        name=name,
        more=more,
        at=one.recorded_at,
        tone=tone,
        mark=mark,
        state=state,
        code=one.state,
        kind=(one.kind, name),
        act=None,
        filed=filed,
    )
