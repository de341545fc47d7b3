"""What an auditor finds in a stored log. Raised offline; `index` is the first entry that is not as it was signed."""

from safepassage.problems.problem import SuiteError


class LogAltered(SuiteError):
    """The stored log is not the one that was signed.

    `index` is the first bad entry where the store shows which one, else the first of the range that ends before `until`.
    """

    code, status, title = "log-altered", 422, "Log was altered"
    remedy = "Keep the store as it is, raise an alarm, and compare with the checkpoints that other nodes have pinned."

    def __init__(self, detail: str | None = None, *, index: int = 0, until: int | None = None, field: str | None = None) -> None:
        super().__init__(detail, field=field)
        self.index = index
        self.until = index + 1 if until is None else until
        """The first index behind the range in which the fault is."""


class EntriesMissing(LogAltered):
    """Entries that a checkpoint counts are not there, or cannot be read."""

    code, status, title = "entries-missing", 422, "Entries of the log are missing"
    remedy = "Restore the named entries from a backup or a mirror and verify again; if nobody has them, they were removed."


class StoredLogUnreadable(SuiteError):
    """What was named is no folder of tiles and no database of audit."""

    code, status, title = "stored-log-unreadable", 400, "No log can be read there"
    remedy = "Name a folder with `checkpoint` and `tile/`, or the file audit.db of a stopped node."


class NothingSigned(SuiteError):
    """The log has no checkpoint, so that nothing in it is proven."""

    code, status, title = "nothing-signed", 422, "Log has no checkpoint"
    remedy = "Fetch a checkpoint of the log; without one its entries prove nothing."


class FolderOfAnotherLog(SuiteError):
    """The folder of a copy has another log than the one that is to be copied: two in one folder verify as none."""

    code, status, title = "folder-of-another-log", 409, "Folder holds another log"
    remedy = "Name another folder: each node has a log for each calendar year. `--year` brings an earlier one to its end."
