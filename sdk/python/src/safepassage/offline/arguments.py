"""The words of `safepassage verify`: what may be named, and which keys."""

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

_DIGEST_LENGTH: Final = 43
"""Characters of a SHA-256 digest in base64url without padding (RFC 4648, 5)."""

DESCRIPTION: Final = """\
Verify offline: no node is asked, and nothing of what is verified is believed.

PATH is one of
  a folder with `checkpoint` and `tile/` (C2SP tlog-tiles)      the whole log
  the file audit.db of a stopped node                            every log in it
  a folder with `manifest.json` (an export)                      every file, and each entry's proof
  a .tlog-proof file                                             one entry
  a receipt, an envelope or its header, an acceptance            what it says, and that it was logged
  a redisclosure chain, as the node answered it (JSON)           each entry, message and tie of it, in both logs
  the confirmation of a transfer (JSON, or the PDF with it)      who is enrolled where, as the receiving side signed and logged it
  a hand-carried copy of a record (JSON, or the PDF with it)     that nothing in it was altered, or which part was
  a credential: CLR 2.0 or Open Badges 3.0 (JSON, or a JWT)      that it is its issuer's, unaltered, in force and not revoked

The keys come from you: the log's as a vkey, a signer's as a JWK, or both from a trust list whose digest you got out of band.

Exit code: 0 verified, 1 not verified (of a log, the first bad index is named), 2 it could not be checked."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `verify`."""
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument(
        "--log-key", action="append", default=[], metavar="VKEY", help="key of a log: a vkey, or a file with one; repeatable"
    )
    parser.add_argument(
        "--signing-key",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="public JWK or JWK set of who signed; repeatable. It says not whose it is: of several nodes name the --statement",
    )
    parser.add_argument("--trust-list", type=Path, metavar="FILE", help="trust list with the keys of logs; needs --trust-digest")
    parser.add_argument("--trust-digest", metavar="DIGEST", help="digest of that trust list, got out of band")
    parser.add_argument("--statement", action="append", default=[], type=Path, metavar="FILE", help="statement of a node; repeatable")
    parser.add_argument("--entry", type=Path, metavar="FILE", help="the entry that a proof file is for, if it does not hold it")
    parser.add_argument("--pinned", action="append", default=[], type=Path, metavar="FILE", help="checkpoint kept elsewhere; repeatable")
    parser.add_argument(
        "--witnesses",
        type=Path,
        metavar="FILE",
        help="policy (C2SP tlog-policy) whose quorum has to have cosigned a folder, a proof file, or the checkpoints of a chain",
    )
    parser.add_argument("--request", type=Path, metavar="FILE", help="the signed request that a message should answer")
    parser.add_argument("--opening", type=Path, metavar="FILE", help="JSON {salt, person}: for whom a receipt is")
    parser.add_argument("--seal", metavar="TEXT", help="what the QR code on the page of a hand-carried copy says")
    parser.add_argument("--status-list", action="append", default=[], type=Path, metavar="FILE", help="of a credential; repeatable")
    parser.add_argument("--did-document", action="append", default=[], type=Path, metavar="FILE", help="an issuer's did.json; repeatable")
    parser.add_argument("--leaves", action="store_true", help="read every entry of a log as a leaf: form, and time never going back")
    parser.add_argument("--json", action="store_true", help="say it as JSON")


ONLY_FOR: Final = {
    "entry": ("--entry", frozenset({"tlog-proof"})),
    "leaves": ("--leaves", frozenset({"log"})),
    "request": ("--request", frozenset({"envelope", "message"})),
    "opening": ("--opening", frozenset({"envelope", "message"})),
    "seal": ("--seal", frozenset({"copy"})),
    "status_list": ("--status-list", frozenset({"credential"})),
    "did_document": ("--did-document", frozenset({"credential"})),
}
"""By member of the parsed arguments, the option and the kinds of document for which it says something."""


def in_vain(arguments: argparse.Namespace, kind: str) -> str | None:
    """The first option that says nothing of a document of this kind: who gave it believes that it was looked at. None: there is none."""
    return next((option for name, (option, kinds) in ONLY_FOR.items() if getattr(arguments, name) and kind not in kinds), None)


def with_whole_digest(arguments: Sequence[str]) -> list[str]:
    """The same arguments, with `--trust-digest` and its value joined by `=`.

    One digest in 64 begins with a dash, and argparse takes such a word for an option.
    """
    words = list(arguments)
    for place, (option, value) in enumerate(pairwise(arguments)):
        if option == "--trust-digest" and len(value) == _DIGEST_LENGTH:
            words[place : place + 2] = [f"{option}={value}"]
            break
    return words
