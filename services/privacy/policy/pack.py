"""Make the checked-in ESTs from the texts: `python -m services.privacy.policy.pack`.

The only module that needs Cedar's own parser and validator (cedarpy, a dependency of development); no service imports it.
"""

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
    if not text.isascii():
        raise PolicySetBroken(f"{path.name}: a rule that could look like another is refused: ASCII only")
    validated = cedarpy.validate_policies(text, SCHEMA.read_text())
    if not validated.validation_passed:
        raise PolicySetBroken(f"{path.name}: {'; '.join(map(str, validated.errors))}")
    document = json.loads(cedarpy.policies_to_json_str(text))
    if document["templates"] or document["templateLinks"]:
        raise PolicySetBroken(f"{path.name}: templates are not served")
    policies = document["staticPolicies"].values()
    by_id = {policy.get("annotations", {}).get("id", ""): policy for policy in policies}
    if len(by_id) != len(policies):
        raise PolicySetBroken(f"{path.name}: an id is missing or there twice")
    return Pack(path.stem, sha256_of(path), by_id)


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
