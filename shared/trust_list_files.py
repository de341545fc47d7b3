"""Trust lists as files: the newest where the settings name it, those before beside it, for a service that has missed one."""

import logging
from collections.abc import Iterator
from glob import escape
from pathlib import Path

from safepassage.problems import SuiteError
from safepassage.trust_list import MAX_BYTES, read_trust_list

log = logging.getLogger(__name__)


def earlier_lists(file: Path | None) -> Iterator[bytes]:
    """The lists that lie beside `file`, the newest: for `list.jws` those called `list.<anything>.jws`. Nothing in a name is believed.

    What cannot be read is passed over, as what is too long is: neither keeps the newest from being taken.
    """
    if file is None:
        return
    for path in sorted(file.parent.glob(f"{escape(file.stem)}.*{escape(file.suffix)}")):
        try:
            document = beginning_of(path)
        except OSError:
            log.warning("a file beside the trust list cannot be read")
            continue
        if len(document) <= MAX_BYTES:
            yield document


def beginning_of(file: Path) -> bytes:
    """What is in a file; of one that is longer than a list may be a byte more than that, which no list has. Raises OSError."""
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def put_list(file: Path | None, document: bytes, *, development: bool) -> bool:
    """Put a list that was verified where the node's services read it, and the one that lay there beside it. False where nobody may."""
    if file is None:
        return False
    try:
        if file.exists():
            _put_beside(file, beginning_of(file), development=development)
        fresh = file.with_suffix(".brought")
        fresh.write_bytes(document)
        fresh.replace(file)
    except OSError:
        log.warning("trust list file cannot be written: whoever writes it has to put the newer list there")
        return False
    return True


def _put_beside(file: Path, document: bytes, *, development: bool) -> None:
    try:
        serial = read_trust_list(document, development=development).content.serial
    except SuiteError:
        return  # it was no list
    file.with_name(f"{file.stem}.{serial:06}{file.suffix}").write_bytes(document)
