"""`safepassage verify`: reads what was named, verifies it, and says so in a sentence or as JSON."""

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from safepassage.clock import system_clock
from safepassage.offline.arguments import in_vain
from safepassage.offline.attached import attached_file, is_pdf
from safepassage.offline.chain import verify_chain_document
from safepassage.offline.confirmation import verify_confirmation_document
from safepassage.offline.credential import is_credential, verify_credential_document
from safepassage.offline.evidence import Evidence, kind_of, verify_document, verify_proof, witnessed
from safepassage.offline.export_folder import is_export, verify_export
from safepassage.offline.hand_carry import verify_hand_carry_document
from safepassage.offline.keys import NamedKeys, named_keys
from safepassage.offline.log_database import LogDatabase, is_database
from safepassage.offline.log_folder import LogFolder
from safepassage.offline.stored_log import StoredLog
from safepassage.offline.whole_log import latest_note, verify_log, verify_succession
from safepassage.problems import SuiteError
from safepassage.problems.credentials import CredentialsUnavailable
from safepassage.problems.stored_log import LogAltered, StoredLogUnreadable
from safepassage.problems.witnessing import WitnessPolicyMalformed
from safepassage.tlog_policy import Policy, parse_policy
from safepassage.tlog_proof import parse_proof_file

VERIFIED, NOT_VERIFIED, NOT_CHECKED = 0, 1, 2


def run(arguments: argparse.Namespace) -> int:
    """Verify, say what was found, give the exit code."""
    try:
        arguments.path.stat()  # of what is not there it is said so, before keys are asked for
        keys = _keys(arguments)
        found = _verify(arguments, keys)
    except _NotChecked as error:
        return _say(arguments, NOT_CHECKED, error.sentence, {"problem": error.code})
    except SuiteError as error:
        return _say(arguments, NOT_VERIFIED, _sentence(error), _facts(error))
    except OSError as error:
        return _say(arguments, NOT_CHECKED, f"{error.filename} cannot be read.", {"problem": "file-unreadable"})
    except UnicodeDecodeError:
        sentence = "A file that was named beside it (a key, a statement, a checkpoint, a request) is no text."
        return _say(arguments, NOT_CHECKED, sentence, {"problem": "file-unreadable"})
    return _say(arguments, VERIFIED, "\n".join(one.sentence for one in found), {"found": [dict(one.facts) for one in found]})


class _NotChecked(Exception):
    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def _keys(arguments: argparse.Namespace) -> NamedKeys:
    if (arguments.trust_list is None) != (arguments.trust_digest is None):
        raise _NotChecked("usage", "--trust-list and --trust-digest go together: without its digest a list is not trusted.")
    try:
        keys = named_keys(
            log_keys=arguments.log_key,
            signing_key_files=arguments.signing_key,
            trust_list=None if arguments.trust_list is None else (arguments.trust_list, arguments.trust_digest),
            statements=arguments.statement,
        )
    except SuiteError as error:
        raise _NotChecked(error.code, f"The keys cannot be used. {_sentence(error)}") from error
    if not keys.all_log_keys() and not _of_credential(arguments.path):
        needed = "Name the log's key with --log-key, or a trust list: a log cannot vouch for itself."
        other = " A credential needs neither, but this is none: it has no @context, and is no JWT of one."
        is_log = arguments.path.is_dir() or is_database(arguments.path)
        raise _NotChecked("usage", needed if is_log else needed + other)
    return keys


def _verify(arguments: argparse.Namespace, keys: NamedKeys) -> list[Evidence]:
    path: Path = arguments.path
    pinned = [each.read_text(encoding="utf-8") for each in arguments.pinned]
    policy = _policy(arguments.witnesses)
    if is_export(path):
        _require_meant(arguments, "export")
        _require_used(pinned, [])
        if policy is not None:
            raise _NotChecked("usage", "An export is signed by the log alone: verify a copy of the log with its witnesses.")
        return [_export(path, keys)]
    if path.is_dir() or is_database(path):
        _require_meant(arguments, "log")
        try:
            logs, close = _open(path)
        except StoredLogUnreadable as error:
            raise _NotChecked(error.code, _sentence(error)) from error
        try:
            _require_used(pinned, logs)
            found = [_log(log, keys, pinned, leaves=arguments.leaves) for log in logs] + _succession(logs)
            if policy is None:
                return found
            if not path.is_dir():
                raise _NotChecked(
                    "usage", "--witnesses is for a folder or a proof file: a store's checkpoints lie apart from their cosignatures."
                )
            return [*found, witnessed(latest_note(logs[0]), policy=policy, keys=keys)]
        finally:
            close()
    _require_used(pinned, [])
    data = path.read_bytes()
    data = attached_file(data) if is_pdf(data) else data
    _require_meant(arguments, "credential" if is_credential(data) else kind_of(data))
    if is_credential(data):
        return [_credential(data, arguments, keys)]
    if kind_of(data) == "tlog-proof":
        proven = verify_proof(data, entry=None if arguments.entry is None else arguments.entry.read_bytes(), keys=keys)
        return [proven] if policy is None else [proven, witnessed(parse_proof_file(data).checkpoint, policy=policy, keys=keys)]
    if kind_of(data) == "chain":
        proven, notes = verify_chain_document(data, keys=keys)
        return [proven] if policy is None else [proven, *(witnessed(note, policy=policy, keys=keys) for note in notes)]
    if policy is not None:
        raise _NotChecked("usage", "--witnesses is for a folder or a proof file: a message's checkpoint has no cosignatures.")
    if kind_of(data) == "confirmation":
        return [verify_confirmation_document(data, keys=keys)]
    if kind_of(data) == "copy":
        return [verify_hand_carry_document(data, keys=keys, scanned=arguments.seal)]
    request = None if arguments.request is None else arguments.request.read_text(encoding="utf-8").strip()
    opening = None if arguments.opening is None else arguments.opening.read_bytes()
    return [verify_document(data, keys=keys, request=request, opening=opening)]


def _require_meant(arguments: argparse.Namespace, kind: str) -> None:
    option = in_vain(arguments, kind)
    if option is not None:
        raise _NotChecked("usage", f"{option} says nothing of what is verified here ({kind}): leave it out, or name what it is for.")


def _require_used(pinned: list[str], logs: list[StoredLog]) -> None:
    """INVARIANT: nobody believes that a checkpoint of theirs agreed which was compared with nothing."""
    unused = [note for note in pinned if not any(note.startswith(f"{log.origin}\n") for log in logs)]
    if unused:
        there = f"here is {' and '.join(log.origin for log in logs)}" if logs else "here is no whole log"
        raise _NotChecked(
            "pinned-of-another-log", f"A checkpoint of --pinned was compared with nothing: {there}, and its first line says whose it is."
        )


def _of_credential(path: Path) -> bool:
    """A credential is in no log: it is verified by its issuer's key alone."""
    return path.is_file() and not is_database(path) and is_credential(path.read_bytes())


def _credential(data: bytes, arguments: argparse.Namespace, keys: NamedKeys) -> Evidence:
    named = {"issuers": arguments.did_document, "status_lists": arguments.status_list}
    try:
        return verify_credential_document(data, keys=keys, now=system_clock(), **named)
    except CredentialsUnavailable as error:
        raise _NotChecked(error.code, _sentence(error)) from error


def _policy(file: Path | None) -> Policy | None:
    if file is None:
        return None
    try:
        return parse_policy(file.read_bytes())
    except WitnessPolicyMalformed as error:
        raise _NotChecked(error.code, _sentence(error)) from error


def _export(folder: Path, keys: NamedKeys) -> Evidence:
    report = verify_export(folder, keys=keys.all_log_keys())
    plan, entries = report.manifest.plan, report.manifest.entries
    proven = (
        f"{report.proven} of them are proven to be in its log" if report.proven or not entries else "It has no proofs of single entries"
    )
    ranges = [{"origin": one.log, "from": one.start, "until": one.end} for one in plan.ranges]
    sentence = f"{plan.node} exported these {entries} entries as {plan.format}: export {plan.id}. {proven}."
    return Evidence(sentence, {"export_id": str(plan.id), "entries": entries, "proven": report.proven, "ranges": ranges})


def _open(path: Path) -> tuple[list[StoredLog], Any]:
    if path.is_dir():
        return [LogFolder(path)], lambda: None
    database = LogDatabase(path)
    return list(database.logs), database.close


def _log(log: StoredLog, keys: NamedKeys, pinned: list[str], *, leaves: bool) -> Evidence:
    of_this_log = [note for note in pinned if note.startswith(log.origin + "\n")]
    report = verify_log(log, keys=keys.all_log_keys(), pinned=of_this_log, leaves=leaves)
    sentence = (
        f"{report.origin}: {_say_of(report.size, 'its one entry is as it was signed', 'all {} entries are as they were signed')}; "
        f"{_say_of(report.checkpoints, 'one checkpoint agrees', '{} checkpoints agree')}."
    )
    if report.newer:
        sentence += f" {_say_of(report.newer, 'One newer entry is', '{} newer entries are')} not covered by a checkpoint yet."
    facts = {"origin": report.origin, "size": report.size, "root": report.root.hex(), "checkpoints": report.checkpoints}
    return Evidence(sentence, {**facts, "newer": report.newer, "pinned": len(of_this_log)})


def _say_of(count: int, one: str, many: str) -> str:
    return one if count == 1 else many.format(count)


def _succession(logs: list[StoredLog]) -> list[Evidence]:
    found = []
    for older, newer in pairwise(logs):
        verify_succession(older, newer)
        found.append(Evidence(f"{newer.origin} continues {older.origin}.", {"origin": newer.origin, "continues": older.origin}))
    return found


def _sentence(error: SuiteError) -> str:
    detail = f" ({error.detail})" if error.detail else ""
    where = ""
    if isinstance(error, LogAltered):
        last = error.until - 1
        where = f" First bad entry: {error.index}." if last <= error.index else f" First bad entry: between {error.index} and {last}."
    return f"{error.title}{detail}.{where} {error.remedy}"


def _facts(error: SuiteError) -> dict[str, Any]:
    facts: dict[str, Any] = {"problem": error.code, "detail": error.detail}
    if isinstance(error, LogAltered):
        facts |= {"first_bad_index": error.index, "until": error.until}
    return facts


def _say(arguments: argparse.Namespace, code: int, sentence: str, facts: dict[str, Any]) -> int:
    if arguments.json:
        sys.stdout.write(json.dumps({"verified": code == VERIFIED, **facts}, ensure_ascii=False) + "\n")
        return code
    heading = {VERIFIED: "Verified.", NOT_VERIFIED: "NOT VERIFIED.", NOT_CHECKED: "Not checked."}[code]
    stream = sys.stdout if code == VERIFIED else sys.stderr
    stream.write(f"{heading} {sentence}\n")
    return code
