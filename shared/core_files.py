"""No core file: what a process holds of children and of keys is in its memory alone, and stays there when the process dies.

A kernel writes the memory of a process that a signal ends (SIGSEGV, SIGABRT) into a file, or hands it to a program that keeps it. A limit
of nothing stops the file; being no process to be dumped stops the program too, and keeps others of the same user from reading along.
"""

import ctypes
import resource
import sys
from typing import Final

PR_SET_DUMPABLE: Final = 4
"""prctl(2)."""


class CoreFilesNotStopped(Exception):
    """The kernel does not let it be said."""


def leave_no_core_file() -> None:
    """For this process, and the limit for those that it starts. Raises CoreFilesNotStopped: such a process is to hold nothing."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # INVARIANT: both. Where cores go to a program (a core_pattern that begins with |) the kernel does not look at the limit.
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise CoreFilesNotStopped
