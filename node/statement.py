"""Signing the node's statement: the operational keys that other nodes need, under the key that the trust list names."""

from datetime import datetime
from pathlib import Path

from node import peer_client_keys
from node.folder import NodeFile
from node.message_keys import published
from node.statement_keys import CURRENT
from safepassage.compact import split
from safepassage.node_statement import NodeStatement
from services.records.exchange.epochs import EpochKeys
from services.records.exchange.signing import ExchangeSigner
from services.records.exchange.statement import statement_payload
from shared.keys import SigningKey


def sign_statement(node: NodeFile, keys: Path, file: Path, *, now: datetime) -> int:
    """Sign what `keys` hold now and write it to `file`, in place of the statement there. Gives its serial, higher than any before.

    Makes the HPKE key of this week and of the next where they are missing: sign again at least weekly.
    """
    signing = ExchangeSigner.load(keys / "records", node.exchange_suites)
    epochs = EpochKeys(keys / "records", suites=signing.suites)
    epochs.prepare(now)
    serial = max(_serial(file) + 1, int(now.timestamp()))
    statement = statement_payload(
        entity_id=node.entity_id,
        serial=serial,
        exchange_signing=published(keys / "records", signing.suites, today=now.date()),
        suites=signing.suites,
        client_authentication=peer_client_keys.published(keys / "records"),
        encryption=epochs.published(now),
        organisation_id=node.organisation_id,
        now=now,
    )
    signer = SigningKey.load(keys / "operator" / CURRENT)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(signer.sign_compact(typ=NodeStatement.TYPE, payload=statement.claims()))
    fresh.replace(file)
    return serial


def _serial(file: Path) -> int:
    """Of the statement there. By the clock the next one is above those of a file that was lost, or is older than what others have seen:
    they take none that is below.
    """
    return int(split(file.read_text().strip())[1]["serial"]) if file.exists() else 0
