"""Texts, their ESTs, and the law that they were written from hang together by hashes."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import cedarpy
import pytest

from services.privacy.policy import PolicySet, PolicySetBroken
from services.privacy.policy.pack import parse
from services.privacy.policy.policy_set import assemble
from services.privacy.policy.rule_pack import ESTS, TEXTS, Pack, read_packs, sha256_of
from tests.privacy.policy.cedar import CEDAR_SCHEMA, SCHEMA_TEXT

ROOT = Path(__file__).parents[3]
LAW = ROOT.parent / "shared" / "data" / "law"
NAMES = sorted(path.stem for path in TEXTS.glob("*.cedar"))


@pytest.mark.parametrize("name", NAMES)
def test_the_est_is_what_cedar_makes_of_the_text(name: str) -> None:
    assert (ESTS / f"{name}.json").read_text() == parse(TEXTS / f"{name}.cedar").dumped()


@pytest.mark.parametrize("name", NAMES)
def test_cedar_validates_the_text_against_the_schema(name: str) -> None:
    validated = cedarpy.validate_policies((TEXTS / f"{name}.cedar").read_text(), CEDAR_SCHEMA)
    assert validated.validation_passed
    assert list(validated.errors) == []


def test_nothing_in_rules_or_schema_looks_like_something_else() -> None:
    assert SCHEMA_TEXT.isascii()
    assert all((TEXTS / f"{name}.cedar").read_text().isascii() for name in NAMES)


def test_the_service_starts_where_cedar_is_not_installed() -> None:
    code = (
        "import sys; sys.modules['cedarpy'] = None; from services.privacy.policy import load_policy_set as s; print(s().policy_hash);"
        "assert not {'fastapi', 'starlette', 'sqlalchemy'} & set(sys.modules), 'the rules are pure'"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == assemble(read_packs(), schema_sha256=sha256_of(TEXTS.parent / "schema.cedarschema")).policy_hash


def _copy(folder: Path) -> tuple[Path, Path]:
    ests, texts = folder / "est", folder / "packs"
    shutil.copytree(ESTS, ests)
    shutil.copytree(TEXTS, texts)
    return ests, texts


@pytest.mark.parametrize("fault", ["text changed", "est missing", "text missing", "est corrupt", "other version", "no policies"])
def test_a_text_and_est_that_do_not_belong_together_are_refused(tmp_path: Path, fault: str) -> None:
    ests, texts = _copy(tmp_path)
    est, text = ests / "us.forbids.json", texts / "us.forbids.cedar"
    if fault == "text changed":
        text.write_text(text.read_text() + "\n")
    elif fault == "est missing":
        est.unlink()
    elif fault == "text missing":
        text.unlink()
    elif fault == "est corrupt":
        est.write_text(est.read_text()[:-20])
    elif fault == "other version":
        est.write_text(est.read_text().replace('"v": 1', '"v": 2'))
    else:
        est.write_text(est.read_text().replace('"policies"', '"rules"'))
    with pytest.raises(PolicySetBroken):
        read_packs(ests, texts)


def test_the_policy_hash_covers_text_est_and_schema(policy_set: PolicySet) -> None:
    packs = list(read_packs())
    schema = sha256_of(TEXTS.parent / "schema.cedarschema")
    other_text = Pack(packs[0].name, "0" * 64, packs[0].policies)
    first, *others = packs[1].policies
    fewer = Pack(packs[1].name, packs[1].text_sha256, {name: packs[1].policies[name] for name in others})
    assert first
    hashes = {
        assemble(packs, schema_sha256=schema).policy_hash,
        assemble([other_text, *packs[1:]], schema_sha256=schema).policy_hash,
        assemble([packs[0], fewer, *packs[2:]], schema_sha256=schema).policy_hash,
        assemble(packs, schema_sha256="0" * 64).policy_hash,
    }
    assert len(hashes) == 4
    assert policy_set.policy_hash in hashes


def test_the_order_of_packs_and_policies_has_no_part_in_the_hash(policy_set: PolicySet) -> None:
    packs = [
        Pack(pack.name, pack.text_sha256, {name: pack.policies[name] for name in reversed(list(pack.policies))})
        for pack in reversed(read_packs())
    ]
    turned = assemble(packs, schema_sha256=sha256_of(TEXTS.parent / "schema.cedarschema"))
    assert turned.policy_hash == policy_set.policy_hash
    assert list(turned.policies) == list(policy_set.policies)


@pytest.mark.skipif(not LAW.is_dir(), reason="the collection of the law's words is not beside the repository")
def test_every_rule_was_written_from_the_words_that_the_law_has(policy_set: PolicySet) -> None:
    lines = {path.read_text().split("\n", 1)[0]: path.read_text().split("\n")[2:] for path in LAW.glob("*.txt")}
    for identifier, policy in policy_set.policies.items():
        for source in policy.annotations.sources:
            if source.sha256 is None:
                continue
            section = max((it for it in lines if source.paragraph.startswith(it)), key=len)
            designator = source.paragraph.removeprefix(section)
            assert designator == "" or designator[0] in "([", source.paragraph
            words = [line for line in lines[section] if line.startswith(f"{designator} " if designator else ("An ", "Each "))]
            hashes = {hashlib.sha256(line.encode()).hexdigest() for line in words}
            assert source.sha256 in hashes, f"{identifier}: {source.paragraph} has other words now"


def test_every_policy_is_still_an_unreviewed_draft(policy_set: PolicySet) -> None:
    """Counsel's review is a change of this test, and of nothing silently."""
    assert not any(policy.annotations.reviewed for policy in policy_set.policies.values())
    assert policy_set.reviewed is False
