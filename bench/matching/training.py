"""Train the model on one set, find the thresholds on another, write both with where they come from: `make match-model`.

u (how often strangers agree) is sampled; m (how often one child's records agree) is counted on pairs that are known to be one child's. The
thresholds are the lowest weights that keep what is asked for on a set that the training has not seen. The report measures on a third.
"""

import json
from importlib.metadata import version
from typing import Any, Final

import pyarrow

from bench.matching.figures import Figures, figures_of
from bench.matching.sets import MatchingSet, matching_set
from services.records.linking.comparisons import untrained
from services.records.linking.model import FILE
from services.records.linking.scoring import ScoredPair, database, linker_of, scored_pairs
from services.records.linking.verdicts import Thresholds, verdicts

TRAINING_SEED: Final = 11
THRESHOLD_SEED: Final = 12
TRAINING_SIZE: Final = 10_000
THRESHOLD_SIZE: Final = 20_000
LEAST: Final = 0.002
"""Of m and u: what was not met in the training may be met in life."""
MARGIN: Final = 3.0
"""Bits above the heaviest pair of two children that the rules let through."""
MOST_TO_PEOPLE: Final = 0.045
LEAST_AUTOMATIC: Final = 12.0
"""4,096 to one, whatever the set would allow."""
LOWEST: Final = -5.0


def main() -> None:
    """Write `link_model.json`."""
    settings = trained(matching_set(TRAINING_SEED, TRAINING_SIZE))
    chosen = matching_set(THRESHOLD_SEED, THRESHOLD_SIZE)
    scored = list(scored_pairs(settings | {"link_type": "link_only"}, chosen.left, chosen.right, at_least=LOWEST))
    thresholds = thresholds_on(chosen, scored)
    said = {
        "thresholds": thresholds.__dict__,
        "provenance": {
            "trained_on": {"generator": "bench.matching.sets", "seed": TRAINING_SEED, "records_a_side": TRAINING_SIZE},
            "thresholds_on": {"generator": "bench.matching.sets", "seed": THRESHOLD_SEED, "records_a_side": THRESHOLD_SIZE},
            "least_probability": LEAST,
            "margin_bits": MARGIN,
            "splink": version("splink"),
            "duckdb": version("duckdb"),
            "there": figures_of(chosen, verdicts(scored, chosen.people(), thresholds)).summary(),
        },
        "settings": settings,
    }
    FILE.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")


def trained(known: MatchingSet) -> dict[str, Any]:
    """Splink's settings with every m and u."""
    api = database()
    linker = linker_of(api, untrained("link_only"), known.left, known.right)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e7, seed=TRAINING_SEED)
    pairs = known.pairs()
    labels = pyarrow.table(
        {
            "source_dataset_l": ["side_0"] * len(pairs),
            "unique_id_l": list(pairs),
            "source_dataset_r": ["side_1"] * len(pairs),
            "unique_id_r": list(pairs.values()),
            "clerical_match_score": [1.0] * len(pairs),
        }
    )
    linker.training.estimate_m_from_pairwise_labels(  # type: ignore[no-untyped-call]
        api.register(labels, table_name="labels")
    )
    settings: dict[str, Any] = linker.misc.save_model_to_json()
    for comparison in settings["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for kind in ("m_probability", "u_probability"):
            least = LEAST if kind == "m_probability" else 1e-6
            floored = [max(level.get(kind) or 0.0, least) for level in levels]
            for level, share in zip(levels, floored, strict=True):
                level[kind] = round(share / sum(floored), 9)
    settings.pop("linker_uid", None)
    return settings | {"link_type": "dedupe_only"}


def thresholds_on(known: MatchingSet, scored: list[ScoredPair]) -> Thresholds:
    """The lowest weights that keep what is asked for."""
    pairs, people = known.pairs(), known.people()
    measured = float(len(known.left) * len(known.right))
    permissive = verdicts(scored, people, Thresholds(LOWEST, LOWEST, measured))
    wrong = [one.weight for one in permissive.automatic if pairs.get(one.one) != one.other]
    automatic = max([LEAST_AUTOMATIC, *(weight + MARGIN for weight in wrong)])
    for person in range(int(LOWEST), 40, 3):
        thresholds = Thresholds(round(automatic, 2), float(person), measured)
        if shown_of(figures_of(known, verdicts(scored, people, thresholds))) <= MOST_TO_PEOPLE:
            return thresholds
    raise SystemExit("no threshold keeps people's share as low as is asked for")


def shown_of(figures: Figures) -> float:
    """The share of records that a person is shown."""
    return figures.to_people / figures.records


if __name__ == "__main__":
    main()
