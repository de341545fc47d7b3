"""The page for officials names every alert, reason and threshold there is, and no other."""

import json
import re
from typing import get_args

from safepassage.wire_alerts import AlertReason, AlertRule
from services.audit.alerts.node_rules import OF_THE_NODE
from services.audit.alerts.rules import OF_AN_ACTOR
from services.audit.alerts.thresholds import Thresholds
from tests.house.sources import ROOT

PAGE = (ROOT / "docs" / "alerts.md").read_text()


def named(heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z_-]+)` \|", section, flags=re.MULTILINE)


def test_the_page_has_every_alert_in_the_order_of_the_rules() -> None:
    rules = [rule.__name__.replace("_", "-") for rule in (*OF_AN_ACTOR, *OF_THE_NODE)]
    assert named("The alerts") == [*rules, "witness-finding"] == list(get_args(AlertRule))


def test_the_page_has_every_reason() -> None:
    assert named("What to do") == list(get_args(AlertReason))


def test_the_page_has_every_threshold_with_its_default_and_meaning() -> None:
    assert named("Thresholds") == list(Thresholds.model_fields)
    shown = json.loads(Thresholds().model_dump_json())
    for name, field in Thresholds.model_fields.items():
        assert f"| `{name}` | `{json.dumps(shown[name])}` | {field.description} |" in PAGE


def test_the_numbers_in_the_text_are_the_defaults() -> None:
    at = Thresholds()
    for words in (
        f"{at.bulk_students} or more in a day",
        f"{at.absences} or more: somebody",
        f"nothing for {at.dormant_days} days",
        f"For {at.silence_hours} hours",
        f"{at.index_lag_seconds} seconds or more behind",
        f"jumped by {at.clock_skew_seconds} seconds or more",
    ):
        assert words in PAGE
