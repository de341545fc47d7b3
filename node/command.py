"""`safepassage-node`: everything an operator does with a node."""

import gc
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from node.commands.output import stop
from node.machine_faults import said_of
from node.unusable import NoNode, SettingsRefused
from shared.core_files import leave_no_core_file
from shared.garbage import COLLECTED_AFTER

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("demo", "demo"),
    "new": ("new", "new"),
    "up": ("up", "up"),
    "console": ("console", "console"),
    "serve": ("services", "serve"),
    "doctor": ("doctor", "doctor"),
    "verify-log": ("verify_log", "verify_log"),
    "end-log": ("end_log", "end_log"),
    "rebuild-index": ("rebuild_index", "rebuild_index"),
    "readiness": ("readiness", "readiness"),
    "migrate": ("services", "migrate"),
    "sample-roster": ("sample", "sample_roster"),
    "synthesize": ("synthesize", "synthesize"),
    "synthesize-papers": ("synthesize_papers", "synthesize_papers"),
    "job": ("job", "app"),
    "organisations": ("organisations", "app"),
    "clients": ("clients", "app"),
    "registrations": ("registrations", "app"),
    "keys": ("keys", "app"),
    "shred": ("shred", "app"),
    "matches": ("matches", "app"),
    "letters": ("letters", "app"),
    "policies": ("policies", "app"),
    "trust": ("trust", "app"),
}
"""Each command, or group of them, by its module in `node.commands` and its name there."""


class Commands(TyperGroup):
    """Commands whose modules are imported when they are asked for: a node that starts needs no client, no demo and no story."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All of them, in their order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        found = getattr(import_module(f"node.commands.{module}"), attribute)
        if isinstance(found, typer.Typer):
            command: Any = get_group(found)
        else:
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command(cmd_name)(found)
            command = get_command(alone)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run what was asked for. Of whichever command, a folder without a node is said plainly.

        So are wrong settings, and what the machine refuses: a file, a disk, a store.
        """
        try:
            return super().invoke(ctx)
        except (NoNode, SettingsRefused) as error:
            stop(str(error), error.remedy, code=2)
        except Exception as error:
            refused = said_of(error)
            if refused is None:
                raise
            stop(*refused)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As ever; to a name that is none, the nearest ones are said (typer knows those alone that it has imported)."""
        unknown = bool(args) and args[0] not in COMMANDS
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS) if unknown else {}
        return super().resolve_command(ctx, args)


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def node() -> None:
    """Run and operate a Safe Passage node."""


def main() -> None:
    """The entry point."""
    leave_no_core_file()  # before a command reads a key
    gc.set_threshold(*COLLECTED_AFTER)
    app()


if __name__ == "__main__":
    main()
