"""Make the checked-in ESTs from the texts: `python -m services.privacy.policy.pack`.

The only module that needs Cedar's own parser and validator (cedarpy, a dependency of development). The service imports it where it is
installed, to parse drafts; it starts and decides without it.
"""

import hashlib
import json
import sys
from pathlib import Path

import cedarpy

from services.privacy.policy.broken import PolicySetBroken
from services.privacy.policy.policy_set import assemble
from services.privacy.policy.rule_pack import ESTS, SCHEMA, TEXTS, Pack, sha256_of


def parse(path: Path) -> Pack:
    """The pack of a text. Raises PolicySetBroken where Cedar does not validate it against the schema."""
    text = path.read_text()
    found = faults(text)
    if found:
        raise PolicySetBroken(f"{path.name}: {'; '.join(found)}")
    return parsed(path.stem, text)


def faults(text: str) -> list[str]:
    """What Cedar's validator finds in a text against the schema; [] where it validates."""
    validated = cedarpy.validate_policies(text, SCHEMA.read_text())
    return [] if validated.validation_passed else [str(error) for error in validated.errors] or ["Cedar does not validate it"]


def parsed(name: str, text: str) -> Pack:
    """The pack of a text, validated or not. Raises PolicySetBroken where it is no set of policies with ids."""
    if not text.isascii():
        raise PolicySetBroken(f"{name}: a rule that could look like another is refused: ASCII only")
    try:
        document = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise PolicySetBroken(f"{name}: {error}") from error
    if document["templates"] or document["templateLinks"]:
        raise PolicySetBroken(f"{name}: templates are not served")
    policies = document["staticPolicies"].values()
    by_id = {policy.get("annotations", {}).get("id", ""): policy for policy in policies}
    if len(by_id) != len(policies) or "" in by_id:
        raise PolicySetBroken(f"{name}: an id is missing or there twice")
    return Pack(name, hashlib.sha256(text.encode()).hexdigest(), by_id)


def main() -> int:
    """Validate, lint and compile every pack, then write its EST."""
    packs = [parse(path) for path in sorted(TEXTS.glob("*.cedar"))]
    try:
        policy_set = assemble(packs, schema_sha256=sha256_of(SCHEMA))
    except PolicySetBroken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    ESTS.mkdir(exist_ok=True)
    for stale in set(ESTS.glob("*.json")) - {ESTS / f"{pack.name}.json" for pack in packs}:
        stale.unlink()
    for pack in packs:
        (ESTS / f"{pack.name}.json").write_text(pack.dumped())
    sys.stdout.write(f"{len(policy_set.policies)} policies in {len(packs)} packs, policy hash {policy_set.policy_hash}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
