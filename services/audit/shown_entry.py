"""An entry with its proof, and of what is sealed the groups that are to be shown. Pure."""

from collections.abc import Sequence
from typing import Literal

from safepassage.canonical import to_base64url
from safepassage.wire_log import LogEntry, OpenedGroup, OpenedSubject
from services.audit.openings import OpenedEntry
from services.audit.sealing import Opened

GroupName = Literal["subject", "actor", "context"]


def shown_entry(entry: OpenedEntry, groups: Sequence[GroupName], *, path: Sequence[bytes], note: str) -> LogEntry:
    """The entry as `seen_by` left it.

    path  from the entry to the root of the checkpoint `note`
    """
    return LogEntry(
        log=entry.origin,
        index=entry.place.at,
        class_=entry.leaf.class_,
        logged_at=entry.logged_at,
        entry=to_base64url(entry.entry),
        path=tuple(to_base64url(digest) for digest in path),
        checkpoint=note,
        subjects=tuple(
            OpenedSubject(position=part.position, salt=to_base64url(part.opened.salt), payload=part.opened.payload)
            for part in entry.subjects
            if "subject" in groups
        ),
        actor=_group(entry.actor) if "actor" in groups else None,
        context=_group(entry.context) if "context" in groups and not entry.threat_kept_back else None,
    )


def _group(opened: Opened | None) -> OpenedGroup | None:
    return None if opened is None else OpenedGroup(salt=to_base64url(opened.salt), payload=opened.payload)
