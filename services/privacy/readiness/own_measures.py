"""What privacy measures of itself for the scorecard: its rules, its evidence, a sample of its decisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.privacy.policy import PolicySet
from services.privacy.readiness.agreement_measures import agreement_measures, obligation_measures
from services.privacy.readiness.catalogue_measures import catalogue_measures, rule_measures
from services.privacy.readiness.decision_measures import decision_measures
from services.privacy.readiness.duty_measures import duty_measures, understanding_measures
from services.privacy.readiness.people_measures import consent_measures, in_force, organisation_measures, subject_measures
from services.privacy.readiness.rights_measures import rights_measures
from services.privacy.safeguard_lists import safeguard_measures
from services.privacy.sealing import Sealer
from services.privacy.settings import PrivacySettings
from services.privacy.tables import OutboxRow
from shared.contracts.readiness import PrivacyMeasures
from shared.database import Database
from shared.readiness_evidence import entries_waiting, key_encryption_in


async def own_measures(
    database: Database, sealer: Sealer, policy_set: PolicySet, settings: PrivacySettings, *, now: datetime
) -> PrivacyMeasures:
    """Measured now, under the rules that are in force.

    Raises SealBroken where something sealed does not open: then there is no report, and the scorecard shows its lack.
    """

    def of_people(connection: Connection) -> dict[str, Any]:
        return {
            **consent_measures(connection, sealer, now=now),
            **subject_measures(connection, sealer, now=now),
            **organisation_measures(connection, now=now),
            **rights_measures(connection, sealer, now=now),
            **safeguard_measures(connection, sealer, in_force(connection, now)),
            **duty_measures(connection, sealer, now=now),
            **understanding_measures(connection, sealer, now=now),
            "log_waiting": entries_waiting(connection, OutboxRow, now=now),
        }

    people = await database.read(of_people)
    decisions = await decision_measures(database, sealer, now=now)
    async with database.reading() as tx:
        agreements = await agreement_measures(tx, now=now) | await obligation_measures(tx, sealer, now=now)
    return PrivacyMeasures(
        **catalogue_measures(),
        **rule_measures(policy_set),
        **people,
        **decisions,
        **agreements,
        key_encryption=key_encryption_in(settings.keys_directory, now=now),
    )
