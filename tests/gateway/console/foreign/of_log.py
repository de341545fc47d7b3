"""Searches of the log that the state keeps, and entries about students of a district that is not the officer's."""

from uuid import uuid4

from services.gateway.console import alerts, log_entry, log_proof, log_saved
from services.gateway.console.log_rows import PATH
from tests.audit.audit_node import disclosure
from tests.gateway.console.alerted import alerted
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import log_of, received, sent
from tests.gateway.console.foreign import Foreign
from tests.gateway.people.signing_in import Browser


async def _the_states_search(console: Console, _officer: Browser) -> list[str]:
    key = uuid4()
    auditor = await console.browser("auditor")
    kept = await auditor.post(log_saved.SAVED, act=key.hex, name="All that was refused", outcome="deny")
    assert kept.status == 303, kept
    return [log_saved.END.format(saved_search_id=key)]


async def place_of_entry(console: Console, *, custodian: object = None) -> str:
    """How the page is called of a disclosure about a student of another district, or of `custodian`'s."""
    log = log_of(console)
    made = await log.append(disclosure(log, uuid4(), custodian=custodian or uuid4()))
    return f"{console.house.now.year}-{made.entries[0].index}"


def _anothers(template: str) -> Foreign:
    async def paths(console: Console, _officer: Browser) -> list[str]:
        return [template.format(place=await place_of_entry(console))]

    return paths


async def _with_data(console: Console) -> list[str]:
    await sent(console, 2)
    await received(console, 1)
    entry = log_entry.PATH.format(place=await place_of_entry(console))
    return [f"{PATH}?kind=disclosure", f"{PATH}?reason=nothing-is-like-this", entry]


FOREIGN = {
    log_saved.END: _the_states_search,
    **{template: _anothers(template) for template in (log_entry.PATH, log_proof.BUNDLE, log_proof.FILE)},
}


async def _kept(console: Console) -> list[str]:
    auditor = await console.browser("auditor")
    for name, kind in (("All that was refused", "refusal"), ("What the agency’s people read", "read")):
        assert (await auditor.post(log_saved.SAVED, act=uuid4().hex, name=name, kind=kind)).status == 303
    await console.settle()
    return [log_saved.SAVED]


async def _unusual(console: Console) -> list[str]:
    await alerted(console)
    await alerted(console, "index-lag", days_ago=1, because="corrected")
    return [alerts.PATH]


MORE_PATHS = {"log": _with_data, "kept searches": _kept, "alerts": _unusual}
