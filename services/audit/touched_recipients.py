"""Who received what was touched. The index knows each by a tag of the school year, so that an entry of each is opened to be told who it is.

# INVARIANT: of two school years a recipient is one. Only whom nothing tells of any more, or who comes behind the first thousand, counts by
# the tag alone, in each year.
"""

from collections import Counter
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from safepassage.wire_log_radius import TouchedRecipient
from services.audit.index.terms import Kind
from services.audit.openings import open_entries
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import OrganisationRow
from services.audit.touched import Counted
from shared.database import Database

MOST_NAMED: Final = 1_000


class Recipients(NamedTuple):
    """Those of a count."""

    named: tuple[TouchedRecipient, ...]
    """The most entries first."""
    every: int
    """Different ones."""


async def recipients_of(database: Database, keys: SubjectKeys, counted: Counted) -> Recipients:
    """Whom the entries of a count name as who received, or asked."""
    terms = [term for term, _ in counted.terms.most_common() if term[0] == Kind.RECIPIENT]
    some = terms[:MOST_NAMED]
    entries, nodes, names = Counter[str](), dict[str, str | None](), dict[str, str | None]()
    left = len(terms) - len(some)
    async with database.reading() as tx:
        opened = await open_entries(tx, keys, [counted.told_of[term] for term in some], tags=())
        for term, entry in zip(some, opened, strict=True):
            context = {} if entry.context is None else entry.context.payload
            recipient = context.get("recipient_organisation")
            if recipient is None:
                left += 1
                continue
            entries[recipient] += counted.terms[term]
            nodes[recipient], names[recipient] = context.get("recipient_node"), context.get("recipient_name")
        own = await tx.scalars(select(OrganisationRow).where(OrganisationRow.id.in_([id_ for one in entries if (id_ := _own(one))])))
        names |= {str(row.id): row.organisation.name for row in own}
    named = tuple(
        TouchedRecipient(recipient=one, node=nodes[one], name=names[one], entries=count)
        for one, count in sorted(entries.items(), key=lambda it: (-it[1], it[0]))
    )
    return Recipients(named, len(named) + left)


def _own(recipient: str) -> UUID | None:
    """The id of an organisation of this node, or of a person; None for one behind a peer."""
    try:
        return UUID(recipient)
    except ValueError:
        return None
