"""When the answer to a request may change by the mere passing of time."""

from collections.abc import Iterable, Iterator, Sequence

from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.policy_input import AgreementFacts, ConsentFacts, StudentGroup
from services.privacy.policy.time_values import DAY

EMERGENCY_LASTS = 3 * DAY
"""As the rule of an emergency says; local policy."""


def earliest_change(now: int, majority: Iterable[int], groups: Sequence[StudentGroup], agreement: AgreementFacts | None) -> int | None:
    """The first instant after `now` at which a permission could end, or a consent change hands, by time alone."""
    instants: list[int | None] = [*majority]
    if agreement is not None:
        instants += [agreement.ends_at, agreement.terminated_at]
    for group in groups:
        for consent in (group.consent, *(group.other_consents or ())):
            instants += _of_consent(consent)
        if group.grounds is not None:
            instants += _of_grounds(group.grounds)
    return min((instant for instant in instants if instant is not None and instant > now), default=None)


def _of_consent(consent: ConsentFacts | None) -> list[int | None]:
    return [] if consent is None else [consent.expires_at, consent.withdrawn_at, consent.grantor_rights_ended_at]


def _of_grounds(grounds: GroundFacts) -> Iterator[int | None]:
    for facts in grounds.__dict__.values():
        yield getattr(facts, "ends_at", None)
    if grounds.emergency is not None:
        yield grounds.emergency.declared_at + EMERGENCY_LASTS
    if grounds.juvenile is not None:
        yield grounds.juvenile.adjudicated_at
    if grounds.relation is not None:
        yield grounds.relation.rights_ended_at
