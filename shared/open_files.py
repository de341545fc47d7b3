"""As many open files as the connections that a process takes: whoever opens a thousand must not leave it without one for its own store.

A process is commonly begun with a soft limit of 1,024 and a hard one of many times that (getrlimit(2)); raising the first needs nobody.
"""

import logging
import resource
from contextlib import suppress
from typing import Final

KEPT_BACK: Final = 512
"""Files for what is no connection of a caller: stores, services that are asked, the log's files, listeners."""

log = logging.getLogger(__name__)


def connections_within(wanted: int) -> int:
    """Raise this process's limit of open files for `wanted` connections; how many it can take. A line says so where that is fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + KEPT_BACK
    if _below(soft, needed):
        with suppress(OSError, ValueError):  # macOS says of its hard limit that there is none, and refuses what is over the kernel's
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard if _below(hard, needed) else needed, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _below(soft, needed):
        return wanted
    taken = max(soft - KEPT_BACK, soft // 2)
    log.warning("fewer connections than the setting, for the limit of open files", extra={"count": taken})
    return taken


def _below(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed
