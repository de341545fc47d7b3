"""Whether what a witness holds of this log is part of its history. Believed is the log's own signature, never the witness's word.

A checkpoint under our own key that this store cannot have made proves that the store is not the newest one, or not the only one.
"""

from sqlalchemy import select

from safepassage.checkpoints import Checkpoint, parse_checkpoint, verified_signers
from safepassage.notes import parse_note
from safepassage.problems import SuiteError
from safepassage.proofs import EMPTY_ROOT
from services.audit.checkpoints import CheckpointSigner
from services.audit.stored_tree import HashesMissing, StoredTree
from services.audit.tables import LogRow, TreeStateRow
from services.audit.witnessing.findings import Kind
from shared.database import Database


def own_checkpoint(body: bytes, *, origin: str, signer: CheckpointSigner) -> Checkpoint | None:
    """The checkpoint in what a witness shows of the log `origin`, if the log's own key has signed it; a retired one will do."""
    try:
        note = parse_note(body)
        checkpoint = parse_checkpoint(note.text)
        signed = checkpoint.origin == origin and verified_signers(note, keys=signer.verifiers(origin))
    except SuiteError:
        return None
    return checkpoint if signed else None


async def contradiction(database: Database, shown: Checkpoint) -> Kind | None:
    """What a checkpoint that the log has signed says against the store, or None where both are of one history.

    The store is looked at now, after the checkpoint was shown: another process of this node may have appended meanwhile.
    """
    async with database.reading() as tx:
        log = (await tx.execute(select(LogRow).where(LogRow.origin == shown.origin))).scalar_one_or_none()
        size = 0 if log is None else await tx.scalar(select(TreeStateRow.size).where(TreeStateRow.log == log.year)) or 0
        if shown.size > size:
            return "own-log-rolled-back"
        try:
            root = EMPTY_ROOT if log is None else await StoredTree(tx, log.year).root(shown.size)
        except HashesMissing:
            return "own-log-rolled-back"
    return None if root == shown.root else "own-log-forked"
