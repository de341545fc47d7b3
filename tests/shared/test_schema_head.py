"""The head that a service asks for is the one that Alembic knows."""

import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from shared.schema_head import head_of, script_location
from shared.who_may_call import SERVICES, ServiceName


@pytest.mark.parametrize("service", SERVICES)
def test_the_head_is_alembics(service: ServiceName) -> None:
    config = Config()
    config.set_main_option("script_location", str(script_location(service)))
    config.set_main_option("path_separator", "os")
    assert head_of(service) == ScriptDirectory.from_config(config).get_current_head()


def test_a_process_that_serves_does_not_load_alembic() -> None:
    code = "import sys, node.commands.up, services.audit.app, services.gateway.app; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
