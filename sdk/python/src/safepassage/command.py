"""`safepassage`: what a vendor, an information system or an auditor does at a command line."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, get_args
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import ValidationError

from safepassage import __version__
from safepassage.client import BlockingClient, ClientFile, ClientKey
from safepassage.client.log_export import export_log
from safepassage.client.log_mirror import mirror_log
from safepassage.clock import system_clock
from safepassage.consent_receipt import verify_signed_receipt
from safepassage.offline import arguments as verify_arguments
from safepassage.offline import verification
from safepassage.problems import SuiteError
from safepassage.problems.calls import ClientFileUnusable
from safepassage.problems.signatures import MalformedToken
from safepassage.wire_exports import ExportFormat, NewExport
from safepassage.wire_log import EntrySearch
from safepassage.wire_rights import ReceiptKeys, SignedConsentReceipt

INTERRUPTED: Final = 130
"""As a shell has it of what Ctrl-C ended: 128 and the number of SIGINT."""


def argument_parser() -> argparse.ArgumentParser:
    """What can be said."""
    parser = argparse.ArgumentParser(prog="safepassage", description="Client and offline verification for Safe Passage nodes.")
    parser.add_argument("--version", action="version", version=f"safepassage {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    verify = _command(commands, "verify", verification.run, "verify a log, an entry or a message offline")
    verify.description, verify.formatter_class = verify_arguments.DESCRIPTION, argparse.RawDescriptionHelpFormatter
    verify_arguments.add_arguments(verify)

    keygen = _command(commands, "keygen", _keygen, "make a client's key; prints the public half, to be registered")
    keygen.add_argument("file", type=Path, metavar="FILE", help="new file for the private key, mode 0600")

    made = _command(commands, "client-file", _client_file, "make a client file of a key that was registered")
    made.add_argument("file", type=Path, metavar="FILE", help="new client file, mode 0600")
    made.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key that keygen made")
    made.add_argument("--issuer", required=True, metavar="URL", help="the node: scheme, host and port")
    made.add_argument("--client-id", required=True, metavar="ID")
    made.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="what its tokens ask for; repeatable")
    made.add_argument("--purpose", metavar="PURPOSE", help="what its tokens are for")
    made.add_argument("--agreement", type=UUID, metavar="ID", help="the agreement that it reads under; needed for OneRoster")
    made.add_argument("--url", metavar="URL", help="where the node is reached, if not at its issuer")
    made.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="PEM of the authority that signed the node's certificate, if it is a private one"
    )

    curl = _command(commands, "curl", _curl, "print the headers of one request as a curl configuration")
    curl.description = 'safepassage curl --client FILE GET "$URL" | curl --config - "$URL"'
    curl.add_argument("--client", type=Path, required=True, metavar="FILE", help="client file")
    curl.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="instead of the client file's; repeatable")
    curl.add_argument("--purpose", metavar="PURPOSE", help="instead of the client file's")
    curl.add_argument("method", metavar="METHOD")
    curl.add_argument("url", metavar="URL")

    receipt = _command(commands, "verify-receipt", _verify_receipt, "verify the receipt of a consent offline; prints what it says")
    receipt.add_argument("receipt", type=Path, metavar="FILE", help="the answer of GET /v1/consents/{id}/receipt")
    receipt.add_argument("--keys", type=Path, required=True, metavar="FILE", help="the answer of GET /v1/receipt-keys of the node")
    receipt.add_argument("--issuer", required=True, metavar="URL", help="the node that gave it")
    receipt.add_argument("--student", type=UUID, metavar="ID", help="check that it is about this student, too")

    export = _command(commands, "export-log", _export_log, "export what a node's log tells, with proofs and a signed manifest")
    export.description = "Goes on where it was cut off: call it again with the same folder and the same search."
    export.add_argument("folder", type=Path, metavar="FOLDER")
    export.add_argument("--client", type=Path, required=True, metavar="FILE", help="client file with the scope audit:export")
    export.add_argument("--format", choices=get_args(ExportFormat), default="jsonl")
    export.add_argument("--search", type=Path, metavar="FILE", help="JSON as POST /v1/log/searches takes it; every entry, if not given")
    export.add_argument("--purpose", metavar="PURPOSE", help="instead of the client file's")
    export.add_argument("--no-proofs", action="store_true", help="without the proof of each entry")

    mirror = _command(commands, "mirror-log", _mirror_log, "copy a node's log into a folder, to be verified and kept")
    mirror.add_argument("folder", type=Path, metavar="FOLDER")
    mirror.add_argument("--client", type=Path, required=True, metavar="FILE", help="client file with the scope audit:operate")
    mirror.add_argument("--year", type=int, metavar="YEAR", help="the log of a closed year")

    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; gives the exit code."""
    parsed = argument_parser().parse_args(verify_arguments.with_whole_digest(sys.argv[1:] if arguments is None else arguments))
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return run(parsed)
    except SuiteError as error:
        sys.stderr.write(f"{error.title}{f' ({error.detail})' if error.detail else ''}. {error.remedy}\n")
    except FileExistsError as error:
        sys.stderr.write(f"{error.filename} exists already; it is not replaced.\n")
    except OSError as error:
        why = f": {error.strerror}" if error.strerror else ""
        sys.stderr.write(f"{error.filename or 'What was asked for'} cannot be read or written{why}.\n")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. What a mirror or an export has brought stays; the same command goes on from there.\n")
        return INTERRUPTED
    return 2


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    return parser


def _keygen(arguments: argparse.Namespace) -> int:
    key = ClientKey.generate()
    key.save(arguments.file)
    sys.stdout.write(json.dumps(key.jwk, indent=2) + "\n")
    return 0


def _client_file(arguments: argparse.Namespace) -> int:
    key = ClientKey.load(arguments.key)
    try:
        file = ClientFile(
            issuer=arguments.issuer,
            client_id=arguments.client_id,
            key=key.private_jwk(),
            scopes=tuple(arguments.scope),
            purpose=arguments.purpose,
            agreement_id=arguments.agreement,
            url=arguments.url,
            ca_file=None if arguments.ca_file is None else str(arguments.ca_file.resolve()),  # whichever folder the program runs in
        )
    except ValidationError as error:
        wrong = "issuer or url (scheme, host, port, no slash at the end), client id, scopes or purpose have not the right form"
        raise ClientFileUnusable(wrong) from error
    file.save(arguments.file)
    return 0


def _curl(arguments: argparse.Namespace) -> int:
    file = ClientFile.load(arguments.client)
    if arguments.scope:
        file = file.model_copy(update={"scopes": tuple(arguments.scope)})
    parts = urlsplit(arguments.url)
    if f"{parts.scheme}://{parts.netloc}" not in (file.issuer, file.address):
        sys.stderr.write("The URL is not of the node that the client file names; its token is for that node alone.\n")
        return 2
    method = arguments.method.upper()
    with BlockingClient(file, purpose=arguments.purpose) as client:
        # curl cannot answer a node that asks for a nonce, as one does that has just started: it is asked for here, by a request of our own.
        client.read_token_info()
        headers = client.headers_for(method, parts.path)
    names = {"authorization": "Authorization", "dpop": "DPoP"}
    lines = [f'header = "{names[name]}: {value}"' for name, value in headers.items()]
    sys.stdout.write("\n".join([f'request = "{method}"', *lines]) + "\n")
    return 0


def _verify_receipt(arguments: argparse.Namespace) -> int:
    try:
        signed = SignedConsentReceipt.model_validate_json(arguments.receipt.read_bytes())
        published = ReceiptKeys.model_validate_json(arguments.keys.read_bytes())
    except ValidationError as error:
        raise MalformedToken("receipt or keys are not what the node answers") from error
    verified = verify_signed_receipt(signed, issuer=arguments.issuer, published=published, now=system_clock(), student_id=arguments.student)
    sys.stdout.write(verified.message.model_dump_json(indent=2, exclude_none=True) + "\n")
    return 0


def _export_log(arguments: argparse.Namespace) -> int:
    try:
        search = EntrySearch() if arguments.search is None else EntrySearch.model_validate_json(arguments.search.read_bytes())
    except ValidationError:
        sys.stderr.write(f"{arguments.search} is no search; the API document of audit says what one is (EntrySearch).\n")
        return 2

    def progress(done: int, parts: int) -> None:
        sys.stderr.write(f"\r{done} of {parts} files" + ("\n" if done == parts else ""))

    with BlockingClient(ClientFile.load(arguments.client), purpose=arguments.purpose) as client:
        new = NewExport(search=search, format=arguments.format)
        signed = export_log(client, arguments.folder, new, proofs=not arguments.no_proofs, progress=progress)
    sys.stdout.write(
        f"{signed.manifest.entries} entries are in {arguments.folder}. Verify them: safepassage verify {arguments.folder} --log-key VKEY\n"
    )
    return 0


def _mirror_log(arguments: argparse.Namespace) -> int:
    with BlockingClient(ClientFile.load(arguments.client)) as client:
        size = mirror_log(client, arguments.folder, year=arguments.year)
    sys.stdout.write(f"{size} entries are in {arguments.folder}. Verify them: safepassage verify {arguments.folder} --log-key VKEY\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
