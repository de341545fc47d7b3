"""What a command cannot work with, said plainly: a folder without a node, settings that are wrong."""

from collections.abc import Iterable
from pathlib import Path


class NoNode(Exception):
    """There is no node in a folder, or one whose file cannot be read. Says what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy

    @classmethod
    def at(cls, folder: Path) -> "NoNode":
        """Nobody has made one there."""
        return cls(f"There is no node in {folder}.", f"Make one: safepassage-node new {folder}")

    @classmethod
    def unreadable(cls, folder: Path, member: str) -> "NoNode":
        """node.json is not as `safepassage-node new` writes it; `member` is where."""
        return cls(f"{folder / 'node.json'} cannot be read: {member}.", "Put it right, or restore it as `safepassage-node new` wrote it.")


class SettingsRefused(Exception):
    """What of the settings is missing or wrong, by variable, never by value. Says what to do."""

    remedy = "docs/settings.md lists every one."

    def __init__(self, wrong: Iterable[str]) -> None:
        super().__init__("The settings are not complete, or not right:\n  " + "\n  ".join(sorted(set(wrong))))
