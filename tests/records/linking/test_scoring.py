"""Splink within a node: DuckDB in memory, the stored model, SQL for Spark from the same settings; loaded by nothing else."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from splink.internals.linker_components.inference import LinkerInference

from bench.matching.figures import figures_of
from bench.matching.report import SEEDS
from bench.matching.sets import MatchingSet, matching_set
from services.records.linking import scoring
from services.records.linking.comparisons import comparisons, untrained
from services.records.linking.model import link_model
from services.records.linking.scoring import ScoredPair, database, scored_pairs
from services.records.linking.statements import statements
from services.records.linking.verdicts import verdicts
from tests.records.linking.children import child, person

PINNED = Path(__file__).with_name("spark.sql")


@pytest.fixture(scope="module")
def known() -> MatchingSet:
    return matching_set(21, 500)


@pytest.fixture(scope="module")
def scored(known: MatchingSet) -> list[ScoredPair]:
    return list(scored_pairs(link_model().linking("link_only"), known.left, known.right, at_least=link_model().thresholds.least))


def test_a_small_set_is_linked_without_an_error_and_without_twins(known: MatchingSet, scored: list[ScoredPair]) -> None:
    figures = figures_of(known, verdicts(scored, known.people(), link_model().thresholds))
    assert (figures.wrong, figures.twins_united) == (0, 0)
    assert figures.all_children.recall > 0.85
    assert figures.all_children.found > 0.95
    assert figures.to_people / figures.records < 0.08


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only"])
def test_compared_a_part_at_a_time_the_same_pairs_come_out_with_the_same_weights(
    known: MatchingSet, link_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = ([*known.left, *known.right],) if link_type == "dedupe_only" else (known.left, known.right)

    def found() -> dict[frozenset[str], float]:
        pairs = list(scored_pairs(link_model().linking(link_type), *sides, at_least=0.0))
        weights = {frozenset((pair.one, pair.other)): round(pair.weight, 6) for pair in pairs}
        assert len(weights) == len(pairs) > 200
        return weights

    whole, chunks = found(), list[tuple[int, int]]()
    predict = LinkerInference.predict

    def counted(self: LinkerInference, **about: Any) -> Any:
        chunks.append((about["num_chunks_left"], about["num_chunks_right"]))
        return predict(self, **about)

    monkeypatch.setattr(scoring, "CHUNK", 150)
    monkeypatch.setattr(LinkerInference, "predict", counted)
    assert found() == whole
    assert chunks == [(1, -(-len(sides[-1]) // 150))]


def test_doubles_are_found_within_one_set() -> None:
    people = [person("a", child()), person("b", child(first="Jordan", last_1="Hadly")), person("c", child(first="Ruth", born="2010-02-03"))]
    [pair] = scored_pairs(link_model().linking("dedupe_only"), people, at_least=0.0)
    assert {pair.one, pair.other} == {"a", "b"}


def test_the_stored_model_is_of_the_comparisons_that_are_here() -> None:
    stored = link_model().settings["comparisons"]
    made = untrained("dedupe_only").create_settings_dict("duckdb")["comparisons"]
    conditions = [[level["sql_condition"] for level in one["comparison_levels"]] for one in made]
    assert [[level["sql_condition"] for level in one["comparison_levels"]] for one in stored] == conditions
    assert len(comparisons()) == 7
    for one in stored:
        levels = [level for level in one["comparison_levels"] if not level.get("is_null_level")]
        for kind in ("m_probability", "u_probability"):
            assert all(0 < level[kind] < 1 for level in levels)
            assert sum(level[kind] for level in levels) == pytest.approx(1, abs=1e-6)


def test_the_sets_that_measure_have_taught_the_model_nothing_and_fixed_no_threshold() -> None:
    provenance = link_model().provenance
    seen = {provenance["trained_on"]["seed"], provenance["thresholds_on"]["seed"]}
    assert len(seen) == 2
    assert seen.isdisjoint(SEEDS)
    assert len(set(SEEDS)) == len(SEEDS)


def test_nothing_of_it_is_written_to_a_disk() -> None:
    connection = database().duckdb_con
    said = dict(connection.execute("select name, value from duckdb_settings() where name in ('temp_directory', 'threads')").fetchall())
    assert said["temp_directory"] == ""
    assert connection.execute("select path from duckdb_databases() where database_name = 'memory'").fetchone() == (None,)


def test_the_same_settings_make_the_sql_that_is_pinned_for_spark() -> None:
    assert statements("spark") == PINNED.read_text(), "read the difference and write tests/records/linking/spark.sql again"
    assert statements("duckdb") != statements("spark")


def test_a_running_node_loads_neither_splink_nor_duckdb() -> None:
    code = "import sys, services.records.app, node.embedded; print(sorted({'splink', 'duckdb'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert told.stdout.strip() == "[]"
