"""An educator's own written application that an agency of another state may have the educator's credentials: on record."""

from typing import Literal
from uuid import UUID

from safepassage.wire_ground import Ground


class EducatorApplication(Ground):
    """The educator has applied to `recipient_id`, and asks the agency that issued the credentials to send them there."""

    kind: Literal["educator-application"] = "educator-application"
    educator_id: UUID
    """The educator's id at this node, as a search for the educator's credentials says it."""
