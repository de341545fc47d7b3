"""What a command cannot work with, said plainly: a folder without a node, settings that are wrong."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from safepassage.problems.keys import KeysUnavailable
from shared.root_keys.root_key import RootKeyRefused, RootKeyUnreachable

LOOK_AT_THE_PROVIDER: Final = "docs/keys.md: is the provider up, are its settings right, is the key enabled and its use granted?"


def said_of_the_provider(error: KeysUnavailable) -> str:
    """What is wrong with whoever holds the keys, in the provider's own words where it has said some; it names no value."""
    said, cause = error.detail or "the keys may not be used now", error.__cause__
    told = isinstance(cause, RootKeyRefused | RootKeyUnreachable) and str(cause) not in said
    return f"{said} ({cause})" if told else said


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
