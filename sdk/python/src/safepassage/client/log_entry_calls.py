"""The operations on the log's entries and what proves them, as `safepassage.client.calls`. `year` names the log of a closed year."""

from safepassage.client.call import Call, Page, fetching, path_of, reading, searching
from safepassage.wire_log import EntrySearch, FoundEntries, LogConsistency, LogEntry, LogKeys, LogOrder


def log_checkpoint(*, year: int | None = None, witnessed: bool = False) -> Call[bytes]:
    """The latest checkpoint, a signed note; or the largest that a quorum of witnesses has cosigned. Scope audit:operate."""
    query = {"year": year, "witnessed": "true" if witnessed else None}
    return fetching("/v1/log/checkpoint", accept="text/plain", query=query)


def log_proof(index: int, *, year: int | None = None, witnessed: bool = False) -> Call[bytes]:
    """One entry's inclusion proof as a .tlog-proof file (C2SP). Scope audit:operate or audit:search."""
    query = {"year": year, "witnessed": "true" if witnessed else None}
    return fetching(path_of("/v1/log/entries/{index}/proof", index=index), accept="text/plain", query=query)


def log_tile(tile_path: str, *, year: int | None = None) -> Call[bytes]:
    """A tile or bundle by its C2SP name without `tile/`: `0/x001/234`, `entries/000.p/17`. Scope audit:operate."""
    return fetching("/v1/log/tile/" + tile_path, query={"year": year})


def log_consistency(from_size: int, to_size: int, *, year: int | None = None) -> Call[LogConsistency]:
    """The path that shows that the log of `to_size` entries continues the one of `from_size`. Scope audit:operate or audit:search."""
    return reading("/v1/log/consistency", LogConsistency, query={"from": from_size, "to": to_size, "year": year})


def log_keys(*, year: int | None = None) -> Call[LogKeys]:
    """Whose signatures count: the log's verifier keys, its witnesses' and their policy. Scope audit:operate or audit:search."""
    return reading("/v1/log/keys", LogKeys, query={"year": year})


def read_log_entry(index: int, *, open_groups: tuple[str, ...] = (), year: int | None = None) -> Call[LogEntry]:
    """An entry with its proof, and of its sealed groups (subject, actor, context) those asked for. Scope audit:operate or audit:search."""
    return reading(path_of("/v1/log/entries/{index}", index=index), LogEntry, query={"open": open_groups, "year": year})


def search_log(search: EntrySearch, *, sort: LogOrder | None = None, limit: int | None = None) -> Call[Page[FoundEntries]]:
    """Entries by student, time and class, newest first; the search is logged. Scope audit:search."""
    return searching("/v1/log/searches", search, FoundEntries, query={"sort": sort, "limit": limit})
