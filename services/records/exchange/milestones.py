"""The points of the commit protocol at which a process may die. In production nobody watches.

The kill tests start a process of their own, whose entry module puts a watcher on `app.state.milestones` that ends it at one of them;
there is no setting that does.
"""

from typing import Literal, Protocol

Milestone = Literal[
    "holder after_T1",
    "holder after_append",
    "holder after_T2",
    "holder after_send",
    "holder after_R1",
    "receiver after_T1",
    "receiver after_append",
    "receiver after_T2",
    "receiver after_open",
    "receiver after_apply",
    "receiver after_R2",
]
"""Of an exchange."""

DocumentMilestone = Literal["document after_place", "document after_keep", "document after_append"]
"""Of a document that leaves under a request's key (services.records.answered_once)."""


class Milestones(Protocol):
    """Is told of each milestone that is reached."""

    async def reached(self, milestone: Milestone | DocumentMilestone) -> None:
        """What has been committed, appended or sent up to here is done."""
        ...


class Unwatched:
    """Production."""

    async def reached(self, milestone: Milestone | DocumentMilestone) -> None:
        """Nothing happens."""
