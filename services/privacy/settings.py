"""What the privacy service is told."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.identity_checks import USUAL_DAYS, IdentityCheckDays
from shared.sealing_settings import SealingSettings


class PrivacySettings(SealingSettings):
    """Settings of the privacy service; docs/settings.md documents each one."""

    node_organisation_id: Annotated[
        UUID,
        Field(
            description="The state agency that runs the node: its id among the node's organizations.",
            examples=[UUID("01980000-0000-7000-8000-000000000001")],
        ),
    ]
    identity_check_days: IdentityCheckDays = USUAL_DAYS
