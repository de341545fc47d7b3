"""The files of an upload: a zip or a folder, opened one at a time and never larger than they may be."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from safepassage.problems.records import UnreadableRoster
from services.records.formats.file_names import told_names, told_place

MOST_FILES = 200
MOST_BYTES = 1 << 30
"""Of all files together, uncompressed."""
MOST_RATIO = 200
"""Uncompressed to compressed: more is a bomb, not a roster."""


class Archive:
    """Names and contents. A name is the file's own, without folders."""

    def __init__(self, members: dict[str, Path | zipfile.ZipInfo], zipped: zipfile.ZipFile | None) -> None:
        self._members, self._zip, self._told = members, zipped, told_names(members)

    @classmethod
    def of_zip(cls, data: bytes | BinaryIO) -> "Archive":
        """An uploaded zip. Raises UnreadableRoster for what is none, is encrypted, too large, or has two files of one name."""
        try:
            zipped = zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data)
        except (zipfile.BadZipFile, OSError) as error:
            raise UnreadableRoster("not a zip file") from error
        files = [one for one in zipped.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
        if len(files) > MOST_FILES or sum(one.file_size for one in files) > MOST_BYTES:
            raise UnreadableRoster("too many files or too much in them")
        for one in files:
            if one.flag_bits & 0x1:
                raise UnreadableRoster("an encrypted zip is not read")
            if one.file_size > max(one.compress_size, 1024) * MOST_RATIO:
                raise UnreadableRoster("a file is packed more tightly than text can be")
        return cls(_by_name({one.filename: one for one in files}), zipped)

    @classmethod
    def of_folder(cls, folder: Path) -> "Archive":
        """A folder on this machine: for the operator's command and for tests."""
        return cls(_by_name({str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Every file's name."""
        return tuple(self._members)

    @property
    def told(self) -> Callable[[str], str]:
        """A place in the upload as a report or a refusal may say it (`formats.file_names`). It holds no content."""
        return partial(told_place, names=self._told)

    @property
    def sizes(self) -> dict[str, int]:
        """Of every file by its name, uncompressed, in bytes: what a zip says, and what is read of it ends there."""
        return {name: one.stat().st_size if isinstance(one, Path) else one.file_size for name, one in self._members.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """The file's bytes. Raises UnreadableRoster if it is damaged."""
        member = self._members[name]
        try:
            if isinstance(member, Path):
                with member.open("rb") as file:
                    yield file
            else:
                assert self._zip is not None  # noqa: S101 members of a zip have one
                with self._zip.open(member) as stream:
                    yield io.BufferedReader(stream)  # type: ignore[type-var]  # a ZipExtFile is raw enough for a buffer
        except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise UnreadableRoster("a file of the zip is damaged") from error


def _by_name(
    members: dict[str, Path | zipfile.ZipInfo] | dict[str, Path] | dict[str, zipfile.ZipInfo],
) -> dict[str, Path | zipfile.ZipInfo]:
    named: dict[str, Path | zipfile.ZipInfo] = {}
    for full, member in members.items():
        name = full.replace("\\", "/").rpartition("/")[2]
        if name in named:
            raise UnreadableRoster("two files have one name")
        named[name] = member
    return named
