"""Finding between nodes: whom it finds on the matching sets, and what one question costs a node of 20,000 and of 250,000 students.

Measured is what the holder does from the request to the student: reading and opening those of the bucket, their points, and the comparison;
and the requester's blinding of them. The log's entries, privacy's decision and the calls are those of any request (`exchange`).
"""

import asyncio
import secrets
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert

from bench.figures import Figure, progress
from bench.matching.found import Found, person_of
from bench.matching.report import SEEDS, SIZE
from bench.matching.sets import matching_set
from node.keys import create_node_keys
from safepassage.canonical import from_base64url
from safepassage.finding import TOKENS, bucket_of
from safepassage.record import StudentRecord
from safepassage.record.identity import Identity
from services.records.finding.comparing import held_at, points_of
from services.records.finding.curve import blinded
from services.records.finding.seeking import seek
from services.records.record_sources import parts_of
from services.records.tables import SectionRow, StudentRow, TagRow
from services.records.vault import Vault
from shared.clock import system_clock
from shared.database import Database
from shared.migrations import migrate

TITLE = "Finding a child between nodes"

STUDENTS: Final = (20_000, 250_000)
AT_ONCE: Final = 5_000
TIMES: Final = 9
ORIGIN: Final = {"originating_agency": "x", "source_system": "y", "as_of": "2026-11-26T00:00:00.000Z"}


def run() -> list[Figure]:
    """Count whom it finds, then fill stores and ask them."""
    found, identities = Found(), list[Identity]()
    for seed in SEEDS:
        known = matching_set(seed, SIZE)
        found.count(known)
        identities = identities or [known.identities[one.key] for one in known.left]
        progress(f"{found.records:,} records compared")
    figures = [
        Figure("found, of children who are there", found.there.share, "", ">= 0.90", f"{found.there.children:,} children"),
        Figure("largest gap between naming traditions", found.gap, "", "<= 0.02"),
        Figure("perhaps, of children who are not", found.absent.share, "", "", f"{found.absent.children:,} children, {SIZE:,} students"),
        Figure("points of a student", found.points / found.records, "", ""),
    ]
    with tempfile.TemporaryDirectory() as name:
        for students in STUDENTS:
            figures += asyncio.run(_asked(Path(name) / str(students), students, identities))
    return figures


async def _asked(folder: Path, students: int, identities: list[Identity]) -> list[Figure]:
    create_node_keys(folder / "keys")
    database, vault = Database(f"sqlite+inline:///{folder}/records.db"), Vault.of(folder / "keys" / "records")
    await migrate("records", database)
    for start in range(0, students, AT_ONCE):
        await database.write(partial(_fill, vault=vault, identities=identities, start=start))
    progress(f"{students:,} students stored")
    holder, requester, points = [], [], []
    for number in range(TIMES):
        person = person_of(identities[number * 101])
        sought = seek(person, vault.tags)(uuid4(), "salt")
        begin = time.process_time()
        held = await database.read(partial(held_at, vault=vault, bucket=sought.bucket))
        secret, other = secrets.token_bytes(32), secrets.token_bytes(32)
        sent = points_of(held, secret)
        between = time.process_time()
        back = blinded(other, sent)
        after = time.process_time()
        assert len(blinded(secret, map(from_base64url, sought.tokens))) == TOKENS
        assert held
        assert len(back) == len(sent)
        holder.append(1000 * (between - begin + time.process_time() - after))
        requester.append(1000 * (after - between))
        points.append(len(sent))
    await database.close()
    name = f"{students:,} students: "
    return [
        Figure(f"{name}CPU of the holder", statistics.median(holder), "ms", "", "one finding, SQLite"),
        Figure(f"{name}CPU of the requester", statistics.median(requester), "ms", ""),
        Figure(f"{name}points sent", statistics.median(points), "", "", "32 bytes each"),
    ]


def _fill(connection: Connection, vault: Vault, identities: list[Identity], start: int) -> None:
    now, students, sections, tags = system_clock(), [], [], []
    for number in range(start, start + AT_ONCE):
        student, identity = uuid4(), identities[number % len(identities)]
        key, wrapped = vault.new_data_key(student)
        row = {"id": student, "custodian_id": UUID(int=1), "originating_agency": "x", "wrapped_key": wrapped}
        students.append(row | {"version": 1, "facts_version": 1, "created_at": now, "changed_at": now})
        record = StudentRecord.model_validate({"identity": identity, "provenance": {"identity": ORIGIN}})
        for part in parts_of(record, source="x", version=1):
            place: dict[str, Any] = {"section": part.section, "source": part.source, "version": part.version}
            sections.append({"student_id": student, **place, "sealed": key.seal(part.encoded(), **place)})
        if identity.birth_date is not None:
            tag = vault.tags.birth_bucket(bucket_of(identity.birth_date.birth_date))
            tags.append({"tag": tag, "student_id": student, "source": "x"})
    for table, rows in ((StudentRow, students), (SectionRow, sections), (TagRow, tags)):
        connection.execute(insert(table), rows)
