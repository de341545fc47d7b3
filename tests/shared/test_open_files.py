"""A process raises its limit of open files for the connections that it takes, and takes fewer where it may not."""

import subprocess
import sys

import pytest

ASK = """
import logging, resource, sys
from shared.open_files import connections_within
logging.basicConfig(format="%(levelname)s %(count)s", stream=sys.stdout)
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(connections_within(wanted), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.requirement("DOOR-bounded")
@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "said"),
    [
        pytest.param(256, 4096, 2000, "2000 2512 4096", id="as far as it needs"),
        pytest.param(3000, 4096, 2000, "2000 3000 4096", id="it has enough"),
        pytest.param(256, 2512, 2000, "2000 2512 2512", id="just enough"),
        pytest.param(256, 2511, 2000, "WARNING 1999\n1999 2511 2511", id="one too few"),
        pytest.param(256, 1024, 10_000, "WARNING 512\n512 1024 1024", id="as far as it may"),
        pytest.param(200, 200, 10_000, "WARNING 100\n100 200 200", id="hardly any"),
    ],
)
def test_the_limit_is_raised_for_the_connections_and_where_it_cannot_be_there_are_fewer(
    soft: int, hard: int, wanted: int, said: str
) -> None:
    command = [sys.executable, "-c", ASK, str(soft), str(hard), str(wanted)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == said
