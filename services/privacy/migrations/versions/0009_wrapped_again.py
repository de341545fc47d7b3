"""Of an append-only row the wrapping of a sealed value's data key may change, and nothing else: a key-encryption key can be replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

WRAPPED_BYTES = 64
"""version ‖ nonce ‖ data key ‖ tag: the first part of a sealed value (services.privacy.sealing)."""

SEALED = {
    "consent_event": ("sealed",),
    "decision": ("sealed_record", "sealed_input", "sealed_outcome"),
    "decision_fall": ("sealed",),
    "rights_request": ("sealed",),
    "rights_event": ("sealed",),
    "preference_event": ("sealed",),
    "obligation_waiver": ("sealed",),
    "destruction": ("sealed",),
    "evidence_event": ("sealed",),
    "subject_version": ("sealed",),
}
"""Append-only tables with sealed values."""
NEVER_ALTERED = "subject_version"
"""It may be removed, with its student."""
OTHERS = "IS DISTINCT FROM"


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for table, sealed in SEALED.items():
        values = [f"substr(NEW.{name}, {WRAPPED_BYTES + 1}) {OTHERS} substr(OLD.{name}, {WRAPPED_BYTES + 1})" for name in sealed]
        if dialect == "sqlite":
            columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
            values += [f"NEW.{name} {OTHERS} OLD.{name}" for name in columns if name not in sealed]
            _on_sqlite(table, " OR ".join(values).replace(OTHERS, "IS NOT"))
        else:
            without = "".join(f" - '{name}'" for name in sealed)
            _on_postgresql(table, " OR ".join([*values, f"(to_jsonb(NEW){without}) {OTHERS} (to_jsonb(OLD){without})"]))


def _on_sqlite(table: str, altered: str) -> None:
    op.execute(f"DROP TRIGGER {table}_refuses_update")
    op.execute(
        f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table} WHEN {altered} BEGIN SELECT RAISE(ABORT, 'append-only'); END"
    )


def _on_postgresql(table: str, altered: str) -> None:
    function = f"{table}_is_append_only"
    if table == NEVER_ALTERED:
        function = f"{table}_is_never_altered"
        op.execute(f"DROP TRIGGER {table}_refuses_update ON {table}")
    else:
        op.execute(f"DROP TRIGGER {table}_refuses_changes ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_refuses_removal BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({altered}) EXECUTE FUNCTION {function}()"
    )
