"""Policy sets: what each is, what was found of it, who approved it, and from when on it decides.

Nothing here tells of a student. The constraints hold what no code path may forget: two approvals by two officials, neither the author, for
every activation but the release's own of its own set; one activation to an instant; an approval used once.
"""

import zlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Dialect, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from services.privacy.tables.foundation import Base
from shared.columns import CanonicalText, Milliseconds

RELEASE = "release"
"""The author of the sets that come with the software; no official is called so."""


class PackedText(TypeDecorator[str]):
    """A text of policies, made small: they repeat themselves. What does not unpack reads as nothing, and so has another hash."""

    impl = LargeBinary
    cache_ok = True
    longest = 64 * 2**20

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """To the database."""
        return None if value is None else zlib.compress(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """From the database."""
        if value is None:
            return None
        opened = zlib.decompressobj()
        try:
            text = opened.decompress(value, self.longest).decode()
        except (zlib.error, ValueError):
            return ""
        return text if opened.eof else ""


class PolicySetRow(Base):
    """A policy set that decided or may come to decide on this node. Append-only: the store refuses changes."""

    __tablename__ = "policy_set"
    __table_args__ = (
        UniqueConstraint("policy_hash", "author", name="policy_set_author"),
        UniqueConstraint("policy_hash", "origin", name="policy_set_origin"),
        Index("ix_policy_set_recorded_at", "recorded_at", "policy_hash"),
        Index("ix_policy_set_title", "title", "policy_hash"),
        CheckConstraint("(origin = 'release') = (author = 'release')", name="policy_set_of_the_release"),
    )

    policy_hash: Mapped[str] = mapped_column(String(43), primary_key=True)
    origin: Mapped[str] = mapped_column(String(16))
    """release | draft"""
    author: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    based_on: Mapped[str | None] = mapped_column(String(43))
    parsed_by: Mapped[str] = mapped_column(String(16))
    """cedar: here, from the texts. drafter: whoever drafted it, where the node has no parser."""
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str | None] = mapped_column(String(200))
    contents: Mapped[str] = mapped_column(PackedText)
    """What the hash is of, as canonical JSON."""
    texts: Mapped[str] = mapped_column(PackedText)
    """The packs as people read them, by name; the contents hold the hash of each."""


class PolicyReportRow(Base):
    """What a validation or a test of a set found. Append-only; the latest of its kind counts."""

    __tablename__ = "policy_report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_hash: Mapped[str] = mapped_column(ForeignKey("policy_set.policy_hash"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """validation | tests"""
    passed: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(Milliseconds)
    official: Mapped[str] = mapped_column(String(64))
    whole: Mapped[str] = mapped_column(CanonicalText)


class PolicyReplayRow(Base):
    """Recorded decisions run under a set: a job, its progress, and what it found."""

    __tablename__ = "policy_replay"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_hash: Mapped[str] = mapped_column(ForeignKey("policy_set.policy_hash"), index=True)
    official: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime] = mapped_column(Milliseconds)
    from_at: Mapped[datetime] = mapped_column(Milliseconds)
    until_at: Mapped[datetime] = mapped_column(Milliseconds)
    state: Mapped[str] = mapped_column(String(16), index=True)
    """queued | running | done | failed"""
    done: Mapped[int]
    total: Mapped[int]
    finished_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    report: Mapped[str | None] = mapped_column(CanonicalText)


class PolicyApprovalRow(Base):
    """An official's approval of one set, for its next activation. Append-only."""

    __tablename__ = "policy_approval"
    __table_args__ = (
        ForeignKeyConstraint(["policy_hash", "author"], ["policy_set.policy_hash", "policy_set.author"]),
        UniqueConstraint("policy_hash", "round", "official", name="policy_approval_once"),
        UniqueConstraint("id", "policy_hash", "official", name="policy_approval_official"),
        CheckConstraint("official <> author", name="policy_approval_not_by_the_author"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_hash: Mapped[str] = mapped_column(String(43))
    author: Mapped[str] = mapped_column(String(64))
    round: Mapped[int]
    """How often the set was activated before: each activation needs approvals of its own."""
    official: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    authenticated_at: Mapped[datetime] = mapped_column(Milliseconds)
    at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str | None] = mapped_column(String(200))
    whole: Mapped[str] = mapped_column(CanonicalText)
    """What was acknowledged, and on which reports it rests."""


class PolicyActivationRow(Base):
    """From when on a set decides: until the next one's start. Append-only."""

    __tablename__ = "policy_activation"
    __table_args__ = (
        ForeignKeyConstraint(["policy_hash", "origin"], ["policy_set.policy_hash", "policy_set.origin"]),
        ForeignKeyConstraint(["approved_hash", "author"], ["policy_set.policy_hash", "policy_set.author"]),
        ForeignKeyConstraint(
            ["first_approval_id", "approved_hash", "first_official"],
            ["policy_approval.id", "policy_approval.policy_hash", "policy_approval.official"],
        ),
        ForeignKeyConstraint(
            ["second_approval_id", "approved_hash", "second_official"],
            ["policy_approval.id", "policy_approval.policy_hash", "policy_approval.official"],
        ),
        UniqueConstraint("valid_from", name="policy_activation_start"),
        UniqueConstraint("first_approval_id", name="policy_activation_first_approval"),
        UniqueConstraint("second_approval_id", name="policy_activation_second_approval"),
        CheckConstraint(
            "(approved_hash IS NULL AND first_approval_id IS NULL AND second_approval_id IS NULL"
            " AND ((reason = 'release' AND origin IS NOT NULL AND origin = 'release') OR (reason = 'before' AND origin IS NULL)))"
            " OR (approved_hash IS NOT NULL AND approved_hash = policy_hash AND origin IS NOT NULL AND author IS NOT NULL"
            " AND first_approval_id IS NOT NULL AND second_approval_id IS NOT NULL"
            " AND first_official IS NOT NULL AND second_official IS NOT NULL"
            " AND first_official <> second_official AND first_official <> author AND second_official <> author)",
            name="policy_activation_by_two",
        ),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    policy_hash: Mapped[str] = mapped_column(String(43))
    origin: Mapped[str | None] = mapped_column(String(16))
    valid_from: Mapped[datetime] = mapped_column(Milliseconds)
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    reason: Mapped[str] = mapped_column(String(64))
    """release: by the start of a version with another set of its own. before: by a version that kept no sets. Else a code of the agency."""
    approved_hash: Mapped[str | None] = mapped_column(String(43))
    author: Mapped[str | None] = mapped_column(String(64))
    first_approval_id: Mapped[UUID | None]
    first_official: Mapped[str | None] = mapped_column(String(64))
    second_approval_id: Mapped[UUID | None]
    second_official: Mapped[str | None] = mapped_column(String(64))
    activated_by: Mapped[str | None] = mapped_column(String(64))
    client_id: Mapped[str | None] = mapped_column(String(200))


class PolicyCallOffRow(Base):
    """An activation that was called off before its start. Append-only."""

    __tablename__ = "policy_call_off"

    number: Mapped[int] = mapped_column(ForeignKey("policy_activation.number"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Milliseconds)
    official: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(64))
    client_id: Mapped[str | None] = mapped_column(String(200))
