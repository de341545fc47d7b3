"""Policy sets: kept by their hash, found good, approved by two, activated from an instant on."""

import sqlalchemy as sa
from alembic import op

from shared.columns import CanonicalText, Milliseconds

revision = "0002"
down_revision = "0001"

APPEND_ONLY = ("policy_set", "policy_report", "policy_approval", "policy_activation", "policy_call_off")
BY_TWO = (
    "(approved_hash IS NULL AND first_approval_id IS NULL AND second_approval_id IS NULL"
    " AND ((reason = 'release' AND origin IS NOT NULL AND origin = 'release') OR (reason = 'before' AND origin IS NULL)))"
    " OR (approved_hash IS NOT NULL AND approved_hash = policy_hash AND origin IS NOT NULL AND author IS NOT NULL"
    " AND first_approval_id IS NOT NULL AND second_approval_id IS NOT NULL"
    " AND first_official IS NOT NULL AND second_official IS NOT NULL"
    " AND first_official <> second_official AND first_official <> author AND second_official <> author)"
)


def upgrade() -> None:
    op.create_table(
        "policy_set",
        sa.Column("policy_hash", sa.String(43), primary_key=True),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("based_on", sa.String(43)),
        sa.Column("parsed_by", sa.String(16), nullable=False),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("client_id", sa.String(200)),
        sa.Column("contents", sa.LargeBinary(), nullable=False),
        sa.Column("texts", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("policy_hash", "author", name="policy_set_author"),
        sa.UniqueConstraint("policy_hash", "origin", name="policy_set_origin"),
        sa.CheckConstraint("(origin = 'release') = (author = 'release')", name="policy_set_of_the_release"),
    )
    op.create_table(
        "policy_report",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("policy_hash", sa.String(43), sa.ForeignKey("policy_set.policy_hash"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("whole", CanonicalText(), nullable=False),
    )
    op.create_table(
        "policy_replay",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("policy_hash", sa.String(43), sa.ForeignKey("policy_set.policy_hash"), nullable=False, index=True),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("requested_at", Milliseconds(), nullable=False),
        sa.Column("from_at", Milliseconds(), nullable=False),
        sa.Column("until_at", Milliseconds(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("finished_at", Milliseconds()),
        sa.Column("report", CanonicalText()),
    )
    _approvals()
    _activations()
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _approvals() -> None:
    op.create_table(
        "policy_approval",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("policy_hash", sa.String(43), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("authenticated_at", Milliseconds(), nullable=False),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("client_id", sa.String(200)),
        sa.Column("whole", CanonicalText(), nullable=False),
        sa.ForeignKeyConstraint(["policy_hash", "author"], ["policy_set.policy_hash", "policy_set.author"]),
        sa.UniqueConstraint("policy_hash", "round", "official", name="policy_approval_once"),
        sa.UniqueConstraint("id", "policy_hash", "official", name="policy_approval_official"),
        sa.CheckConstraint("official <> author", name="policy_approval_not_by_the_author"),
    )


def _activations() -> None:
    """The table of 0001 had neither approvals nor starts to come: what it knows is kept as activations of a version that kept no sets."""
    connection = op.get_bind()
    before = connection.execute(sa.text("SELECT number, policy_hash, activated_at FROM policy_activation ORDER BY number")).all()
    op.drop_table("policy_activation")
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION policy_activation_is_append_only()")
    op.create_table(
        "policy_activation",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("policy_hash", sa.String(43), nullable=False),
        sa.Column("origin", sa.String(16)),
        sa.Column("valid_from", Milliseconds(), nullable=False),
        sa.Column("recorded_at", Milliseconds(), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("approved_hash", sa.String(43)),
        sa.Column("author", sa.String(64)),
        sa.Column("first_approval_id", sa.Uuid()),
        sa.Column("first_official", sa.String(64)),
        sa.Column("second_approval_id", sa.Uuid()),
        sa.Column("second_official", sa.String(64)),
        sa.Column("activated_by", sa.String(64)),
        sa.Column("client_id", sa.String(200)),
        sa.ForeignKeyConstraint(["policy_hash", "origin"], ["policy_set.policy_hash", "policy_set.origin"]),
        sa.ForeignKeyConstraint(["approved_hash", "author"], ["policy_set.policy_hash", "policy_set.author"]),
        sa.ForeignKeyConstraint(
            ["first_approval_id", "approved_hash", "first_official"],
            ["policy_approval.id", "policy_approval.policy_hash", "policy_approval.official"],
        ),
        sa.ForeignKeyConstraint(
            ["second_approval_id", "approved_hash", "second_official"],
            ["policy_approval.id", "policy_approval.policy_hash", "policy_approval.official"],
        ),
        sa.UniqueConstraint("valid_from", name="policy_activation_start"),
        sa.UniqueConstraint("first_approval_id", name="policy_activation_first_approval"),
        sa.UniqueConstraint("second_approval_id", name="policy_activation_second_approval"),
        sa.CheckConstraint(BY_TWO, name="policy_activation_by_two"),
    )
    op.create_table(
        "policy_call_off",
        sa.Column("number", sa.Integer(), sa.ForeignKey("policy_activation.number"), primary_key=True, autoincrement=False),
        sa.Column("at", Milliseconds(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(200)),
    )
    latest = 0
    for number, policy_hash, activated_at in before:
        latest = max(activated_at, latest + 1)  # a clock that went back: starts only grow with their numbers
        values = {"number": number, "policy_hash": policy_hash, "valid_from": latest, "recorded_at": activated_at, "reason": "before"}
        connection.execute(sa.insert(sa.table("policy_activation", *map(sa.column, values))).values(**values))


def _refuse_changes(table: str) -> None:
    """A row of `table` is neither altered nor removed, whatever a later version of the service tries."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )
