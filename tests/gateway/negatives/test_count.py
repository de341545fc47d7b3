"""What the whole table of negatives holds, and that each row was held against another server, or says why not."""

from node.documents import ROOT
from tests.gateway.negatives.test_negatives import MODULES
from tests.gateway.negatives.whole import WHOLE
from tests.npm.sent import SENT


def test_no_module_has_fewer_negatives_than_it_had_and_all_have_seven_hundred() -> None:
    assert MODULES.keys() <= WHOLE.keys()
    assert {name: len(module.rows) for name, module in WHOLE.items() if len(module.rows) < module.least} == {}
    assert sum(len(module.rows) for module in WHOLE.values()) >= 700


def test_the_documentation_says_how_many_there_are_and_how_many_are_sent() -> None:
    whole, sent = sum(len(module.rows) for module in WHOLE.values()), sum(map(len, SENT.values()))
    said = f"Of {whole} wrong requests {sent} go to another authorization server too"
    assert said in (ROOT / "docs" / "security-tests.md").read_text()


def test_each_is_sent_to_oidc_provider_or_says_why_not_and_not_both() -> None:
    sent = {(module, name) for module, names in SENT.items() for name in names}
    told = {(name, row) for name, module in WHOLE.items() for row, not_sent in module.rows.items() if not_sent.strip()}
    whole = {(name, row) for name, module in WHOLE.items() for row in module.rows}
    assert whole - sent - told == set(), "neither"
    assert sent & told == set(), "both"
    assert sent <= whole
