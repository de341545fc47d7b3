"""The stored model as SQL for an engine: how pairs are found, compared and weighed. Shows what runs, and that Spark can run the same.

Splink is heavy: only the job, the training and tests import this module.
"""

from splink.internals.blocking import BlockingRule
from splink.internals.comparison_vector_values import compute_comparison_vector_values_sql
from splink.internals.predict import predict_from_comparison_vectors_sqls_using_settings
from splink.internals.settings import Settings

from services.records.linking.comparisons import untrained
from services.records.linking.model import link_model


def settings_for(dialect: str) -> Settings:
    """The comparisons of this version in an engine's dialect (`duckdb`, `spark`), with the stored probabilities."""
    settings: Settings = untrained("dedupe_only").get_settings(dialect)
    for comparison, stored in zip(settings.comparisons, link_model().settings["comparisons"], strict=True):
        for level, said in zip(comparison.comparison_levels, stored["comparison_levels"], strict=True):
            if not level.is_null_level:
                level.m_probability, level.u_probability = said["m_probability"], said["u_probability"]
    return settings


def statements(dialect: str) -> str:
    """The conditions by which pairs are found, and the statements that compare and weigh them."""
    settings = settings_for(dialect)
    found = [_found_by(rule) for rule in settings._blocking_rules_to_generate_predictions]
    compared = compute_comparison_vector_values_sql(settings._columns_to_select_for_comparison_vector_values)
    weighed = [
        str(part["sql"])
        for part in predict_from_comparison_vectors_sqls_using_settings(settings, threshold_match_weight=link_model().thresholds.least)
    ]
    lines = [*found, compared, *weighed]
    return "\n;\n".join("\n".join(line.rstrip() for line in one.strip().splitlines() if line.strip()) for one in lines) + "\n"


def _found_by(rule: BlockingRule) -> str:
    exploded = getattr(rule, "array_columns_to_explode", None)
    return f"-- pairs: {rule.blocking_rule_sql}{f', each of {exploded} a row' if exploded else ''}"
