"""For tests that open thousands of connections: both ends of each are files of the test's own process."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def open_files(count: int) -> Iterator[None]:
    """As many as the machine lets a process have, at least `count`: most are begun with 1,024, and may have more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < count:
        assert hard >= count or hard == resource.RLIM_INFINITY, f"the machine lets a process open {hard} files, this test needs {count}"
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
