"""Statistics over 250,000 students: of each what a question reads, made up and sealed under a data key of its own, on SQLite.

Measured is everything between the question and its noisy table: reading, unwrapping, opening, counting, noise. The log's entry and the
hops before it are `exchange`'s and `append`'s.
"""

import asyncio
import resource
import secrets
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert

from bench.figures import Figure
from node.keys import create_node_keys
from safepassage.wire_statistics import WORDS, StatisticsQuestion
from services.records.statistics.coded_students import CODED
from services.records.statistics.coding import DIMENSIONS, LAYOUT, MEASURES
from services.records.statistics.counting import counts
from services.records.statistics.population import Reach, coded_students
from services.records.statistics.table import told
from services.records.tables import CodedStudentRow, EnrollmentRow, StudentRow
from services.records.vault import Vault
from shared.clock import system_clock
from shared.database import Database
from shared.migrations import migrate

TITLE = "Statistics over 250,000 students"

STUDENTS: Final = 250_000
AT_ONCE: Final = 5_000
QUESTION: Final = StatisticsQuestion(by=("district", "race-ethnicity"), measures=("chronically-absent", "advanced-course"))
GOAL_SECONDS: Final = 5.0
TIMES: Final = 3


def run() -> list[Figure]:
    """Fill a store, and ask it."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name)))


async def _run(folder: Path) -> list[Figure]:
    create_node_keys(folder / "keys")
    database, vault = Database(f"sqlite+inline:///{folder}/records.db"), Vault.of(folder / "keys" / "records")
    await migrate("records", database)
    districts = sorted(uuid4() for _ in range(100))
    random = Random(7)
    for _ in range(STUDENTS // AT_ONCE):
        await database.write(lambda connection: _fill(connection, vault, districts, random))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    walls, seconds = [], []
    for _ in range(TIMES):
        wall, cpu = time.perf_counter(), time.process_time()
        reach = Reach(None, QUESTION.population, system_clock().date())
        coded = await coded_students(database, vault, reach, districts)
        names = [str(one) for one in districts]
        counted = counts(coded.codes, coded.districts, names, QUESTION, proficient_level=3)
        cells = told(counted, QUESTION, names, smallest_group=10)
        walls.append(time.perf_counter() - wall)
        seconds.append(time.process_time() - cpu)
        assert len(coded.districts) == sum(one.students for one in counted.values()) == STUDENTS
        assert len(cells) == len(districts) * len(WORDS["race-ethnicity"])
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await database.close()
    return [
        Figure("from the question to its table: median", sorted(walls)[1], "s", f"<= {GOAL_SECONDS}", "SQLite, read, opened and counted"),
        Figure("of which CPU", sorted(seconds)[1], "s", ""),
        Figure("memory that the questions add", (after - before) / 1024, "MB", ""),
    ]


def _fill(connection: Connection, vault: Vault, districts: list[UUID], random: Random) -> None:
    now = system_clock()
    students, codes, enrolled = [], [], []
    for _ in range(AT_ONCE):
        student, district = uuid4(), random.choice(districts)
        key, wrapped = vault.new_data_key(student)
        words = [random.randrange(len(WORDS[name])) for name in DIMENSIONS]
        code = bytes([LAYOUT, *words, *(secrets.randbelow(3) for _ in MEASURES)])
        row = {"id": student, "custodian_id": district, "originating_agency": str(district), "wrapped_key": wrapped}
        students.append(row | {"version": 1, "facts_version": 1, "created_at": now, "changed_at": now})
        codes.append({"student_id": student, "version": 1, "sealed": key.seal(code, section=CODED, source=CODED, version=1)})
        entered = now.date() - timedelta(days=random.randrange(1, 700))
        enrolled.append({"student_id": student, "organisation_id": district, "entry_date": entered, "exit_date": None})
    for table, rows in ((StudentRow, students), (CodedStudentRow, codes), (EnrollmentRow, enrolled)):
        connection.execute(insert(table), rows)
