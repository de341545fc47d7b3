"""Daily quotas, as administrators see and change them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.wire import Instant, Wire

QuotaKind = Literal["day", "bulk"]
"""Every request; or those alone that hand out or take in much at once."""

Limit = Annotated[int, Field(ge=0, le=2**40)]


class Quota(Wire):
    """One quota of a client or organisation."""

    kind: QuotaKind
    limit: Limit
    is_default: bool
    """It is the settings' number."""
    used: Annotated[int, Field(ge=0)]
    """Today, as of the last second."""
    resets_at: Instant


class Quotas(Wire):
    """`GET /v1/quotas/{holder_id}`: of a client, or of an organisation."""

    holder_id: UUID
    quotas: tuple[Quota, ...]


class QuotaChange(Wire):
    """`PUT /v1/quotas/{holder_id}`: so many a day, from the next second on; what is left out is the settings' number again."""

    day: Limit | None = None
    bulk: Limit | None = None
