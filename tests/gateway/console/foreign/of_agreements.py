"""Agreements of districts that are not the officer's; and one with all that its page can show."""

from services.gateway.console.agreement_page import EXPORT
from services.gateway.console.agreements_shown import ONE, path_of
from tests.gateway.console.agreed import agreed
from tests.gateway.console.consoles import Console
from tests.gateway.people.signing_in import Browser


async def _anothers_agreement(console: Console, _officer: Browser) -> list[str]:
    return [path_of((await agreed(console)).id)]


async def _files_of_it(console: Console, _officer: Browser) -> list[str]:
    path = EXPORT.format(agreement_id=(await agreed(console)).id)
    return [f"{path}?table={table}" for table in ("elements", "credentials", "subprocessors", "clauses")]


async def _one_with_everything(console: Console) -> list[str]:
    made = await agreed(console)
    return [path_of(made.id), f"/console/agreements?state=all&party={made.recipient_id}"]


MORE_PATHS = {"agreements": _one_with_everything}
FOREIGN = {ONE: _anothers_agreement, EXPORT: _files_of_it}
