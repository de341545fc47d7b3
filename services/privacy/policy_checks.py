"""What is found of a set before anyone may approve it: the checks of every set, Cedar's own validator where it is installed, and tables."""

import hashlib
import json
from datetime import datetime
from types import ModuleType

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.wire_policy_sets import CaseResult, NewPolicyTests, PolicyTests, PolicyValidation
from services.privacy.policy import PolicySet, PolicySetBroken
from services.privacy.policy.policy_set import assemble
from services.privacy.policy.rule_pack import SCHEMA, Pack, sha256_of
from services.privacy.policy_cases import built_in, run
from services.privacy.policy_sets import packs_of
from services.privacy.tables import PolicySetRow

SHOWN = 2_000
"""Failed rows in a report."""
LONGEST = 500


def validated(row: PolicySetRow, *, parser: ModuleType | None, now: datetime) -> PolicyValidation:
    """Hash, texts, Cedar's validator, then the checks of every set: lint, narrowing of state packs, one permit to a claim, compilation."""
    packs, texts = packs_of(row.contents), json.loads(row.texts)
    findings: list[str] = []
    if digest_of(row.contents.encode()) != row.policy_hash:
        findings.append("what is stored has another hash")
    if {pack.name: pack.text_sha256 for pack in packs} != {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}:
        findings.append("the texts are not those that the hash is of")
    if parser is not None:
        for pack in packs:
            findings += _cedar_finds(pack, texts.get(pack.name, ""), parser)
    policy_set: PolicySet | None = None
    try:
        policy_set = assemble(packs, schema_sha256=sha256_of(SCHEMA))
    except PolicySetBroken as error:
        findings.append(str(error))
    if policy_set is not None and policy_set.policy_hash != row.policy_hash:
        findings.append("it was drafted for another version of the node")
    return PolicyValidation(
        id=uuid7(now),
        policy_hash=row.policy_hash,
        at=now,
        passed=not findings,
        cedar="not-run" if parser is None else "validated",
        policies=sum(len(pack.policies) for pack in packs),
        reviewed=policy_set is not None and policy_set.reviewed,
        findings=tuple(one[:LONGEST] for one in findings[:SHOWN]),
    )


def tested(policy_set: PolicySet, asked: NewPolicyTests, *, now: datetime) -> PolicyTests:
    """Run the set's own table, and the built-in one, which has to stay true but for the rows that are named as changed."""
    table = built_in()
    own_situations = {**table.situations, **asked.situations}
    failed = [result for _, result in run(asked.cases, own_situations, policy_set) if result is not None]
    named, changed = set(asked.changed_cases), list[CaseResult]()
    for _, result in run(table.cases, table.situations, policy_set):
        if result is not None:
            (changed if result.id in named else failed).append(result)
    in_vain = named - {result.id for result in changed}
    return PolicyTests(
        id=uuid7(now),
        policy_hash=policy_set.policy_hash,
        at=now,
        passed=not failed and not in_vain,
        own_cases=len(asked.cases),
        built_in_cases=len(table.cases),
        failed=tuple(failed[:SHOWN]),
        failed_count=len(failed),
        changed=tuple(changed),
        named_in_vain=tuple(sorted(in_vain)),
    )


def _cedar_finds(pack: Pack, text: str, parser: ModuleType) -> list[str]:
    try:
        parsed: Pack = parser.parsed(pack.name, text)
    except PolicySetBroken as error:
        return [str(error)]
    found = [f"{pack.name}: {fault}" for fault in parser.faults(text)]
    if parsed.policies != pack.policies:
        found.append(f"{pack.name}: the parsed form is not that of the text")
    return found
