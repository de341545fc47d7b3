"""What Splink compares, and which pairs it looks at: one description for DuckDB, on which a node runs it, and for Spark.

Splink and DuckDB are heavy: only the job and the training import this module.
"""

from typing import Any, Final

import splink.comparison_level_library as levels
from splink import SettingsCreator, block_on
from splink.comparison_library import CustomComparison

BLOCKING: Final = (
    block_on("birth_date"),
    "l.birth_date = r.birth_transposed",
    block_on("given", "surname", "birth_year"),
    block_on("places", arrays_to_explode=["places"]),
    block_on("guardians", arrays_to_explode=["guardians"]),
)
"""Pairs that share none of these are not looked at."""

COLUMNS: Final = (
    "unique_id", "given", "given_forms", "middle", "middle_initial", "surname", "surnames", "birth_date", "birth_transposed", "birth_year",
    "birth_text", "sex", "guardians", "places",
)  # fmt: skip


def comparisons() -> list[Any]:
    """Each column's levels, the strongest first; a missing value is no evidence either way."""
    return [
        CustomComparison(
            output_column_name="given",
            comparison_levels=[
                levels.NullLevel("given"),
                levels.ExactMatchLevel("given"),
                levels.ArrayIntersectLevel("given_forms", min_intersection=1),
                levels.JaroWinklerLevel("given", 0.92),
                levels.JaroWinklerLevel("given", 0.8),
                levels.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="surname",
            comparison_levels=[
                levels.NullLevel("surname"),
                levels.ExactMatchLevel("surname"),
                levels.ArrayIntersectLevel("surnames", min_intersection=1),
                levels.JaroWinklerLevel("surname", 0.9),
                levels.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="birth_date",
            comparison_levels=[
                levels.NullLevel("birth_date"),
                levels.ExactMatchLevel("birth_date"),
                levels.CustomLevel("birth_date_l = birth_transposed_r", label_for_charts="day and month exchanged"),
                levels.LevenshteinLevel("birth_text", 1),
                levels.ExactMatchLevel("birth_year"),
                levels.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="middle",
            comparison_levels=[
                levels.NullLevel("middle"),
                levels.ExactMatchLevel("middle"),
                levels.CustomLevel(
                    "middle_initial_l = middle_initial_r and (length(middle_l) = 1 or length(middle_r) = 1)", label_for_charts="initial"
                ),
                levels.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="sex", comparison_levels=[levels.NullLevel("sex"), levels.ExactMatchLevel("sex"), levels.ElseLevel()]
        ),
        CustomComparison(
            output_column_name="guardians",
            comparison_levels=[
                levels.NullLevel("guardians"),
                levels.ArrayIntersectLevel("guardians", min_intersection=2),
                levels.ArrayIntersectLevel("guardians", min_intersection=1),
                levels.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="places",
            comparison_levels=[levels.NullLevel("places"), levels.ArrayIntersectLevel("places", min_intersection=1), levels.ElseLevel()],
        ),
    ]


def untrained(link_type: str) -> SettingsCreator:
    """The settings before any probability is known."""
    return SettingsCreator(
        link_type=link_type,  # type: ignore[arg-type]  # one of Splink's three literals
        comparisons=comparisons(),
        blocking_rules_to_generate_predictions=[*BLOCKING],  # type: ignore[list-item]  # Splink takes a condition as text too
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
