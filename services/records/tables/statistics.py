"""What statistics keep: coded students, sealed; the answers that were given; what each organisation has spent of its budget."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class CodedStudentRow(Base):
    """A student as statistics see one (services.records.statistics.coding), sealed with the student's own data key."""

    __tablename__ = "coded_student"

    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    """The student's, of which it was made."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class StatisticsAnswerRow(Base):
    """An answer that was given: noisy numbers, which tell of no student. Given again, it costs nothing and averages nothing out."""

    __tablename__ = "statistics_answer"
    __table_args__ = (Index("ix_statistics_answer_question", "organisation_id", "question_digest", "again_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    question_digest: Mapped[str] = mapped_column(String(43))
    made_at: Mapped[datetime] = mapped_column(Milliseconds)
    again_on: Mapped[date]
    answer: Mapped[str] = mapped_column(Text)


class StatisticsBudgetRow(Base):
    """What an organisation has spent in a school year."""

    __tablename__ = "statistics_budget"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    school_year: Mapped[int] = mapped_column(primary_key=True)
    spent: Mapped[int] = mapped_column(BigInteger)
    """Millionths of epsilon."""
