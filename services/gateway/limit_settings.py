"""The closed list of what may be changed while a gateway runs: how often somebody may come.

Nothing else is on it. Who is believed, which keys, files, addresses and profiles there are, and how long what was given out lasts, is said
to others in metadata and tokens, or held by connections that are open: to change that, another process takes over, and no request fails.
"""

from typing import Annotated

from pydantic import BaseModel, Field


class LimitSettings(BaseModel, extra="forbid", frozen=True):
    """Rates, bursts and daily quotas."""

    client_requests_per_second: Annotated[
        float,
        Field(gt=0, le=100_000, description="Sustained rate of one client, or of another node, over all gateway processes."),
    ] = 500
    client_burst: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="Requests of one client or node that may come at once, to each process; two seconds of its rate, or more.",
        ),
    ] = 1000
    organisation_requests_per_second: Annotated[
        float, Field(gt=0, le=1_000_000, description="Sustained rate of all clients of one organization over all gateway processes.")
    ] = 2000
    organisation_burst: Annotated[
        int, Field(ge=1, le=10_000_000, description="Requests of all clients of one organization that may come at once, to each process.")
    ] = 4000
    client_requests_per_day: Annotated[
        int, Field(ge=1, le=2**40, description="Daily quota of one client, unless an administrator has given it another one.")
    ] = 10_000_000
    client_bulk_per_day: Annotated[
        int, Field(ge=1, le=2**40, description="Daily quota of one client for what hands out or takes in much at once: rosters, exports.")
    ] = 10_000
    organisation_requests_per_day: Annotated[
        int, Field(ge=1, le=2**40, description="Daily quota of all clients of one organization, unless it has been given another one.")
    ] = 50_000_000
    organisation_bulk_per_day: Annotated[
        int, Field(ge=1, le=2**40, description="Daily quota of all clients of one organization for what hands out or takes in much.")
    ] = 50_000
    anonymous_requests_per_second: Annotated[
        float,
        Field(
            gt=0,
            le=100_000,
            description="Sustained rate of one network address without a token, at the token endpoint too, over all processes.",
        ),
    ] = 100
    anonymous_burst: Annotated[
        int, Field(ge=1, le=1_000_000, description="Requests of one address without a token that may come at once, to each process.")
    ] = 500
