"""Bodies of some keys, a student's or a contact's: asked for by key, or by whole pages of their resource, whichever takes less."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from safepassage.problems.ed_fi import EdFiSystemChangesTooFast
from services.records.ed_fi.api import TRIES, EdFiApi, MorePages, Query, Take

MOST: Final = 2_000_000
"""Bodies of one resource."""
A_PAGE: Final = 5
"""Requests by key that take as long as a page of five hundred: a system makes it, and both read it (docs/performance.md)."""
FEW: Final = 2 * A_PAGE
"""Keys by which is always asked: to know how many pages there are takes the first."""

Body = dict[str, Any]
KeyOf = Callable[[Body], Any]


class Watch:
    """Whether bodies went while pages of them were read: those behind have moved up, and one may have stood in no page.

    That as many came in the same time, so that the total stayed, is why a total does not tell.
    """

    def __init__(self, api: EdFiApi, version: int | None) -> None:
        """`version`: the newest change before a first page; None where the system tells no changes."""
        self._api, self._version = api, version

    async def went(self, resource: str) -> bool:
        """Whether one of `resource` went, or moved by another key, since this was last asked. Raises as EdFiApi."""
        if self._version is None or self._api.system.use_snapshot:
            return False
        known = await self._api.newest_change()
        if known is None or known[1] == self._version:
            return False
        asked, self._version = {"minChangeVersion": self._version + 1}, known[1]
        for told in ("deletes", "keyChanges"):
            if await self._api.every(f"{resource}/{told}", asked, most=MOST):
                return True
        return False


async def whole(api: EdFiApi, resource: str, watch: Watch, *, begin: Callable[[], None], take: Take, most_pages: int | None = None) -> bool:
    """Every body of a resource, by pages; False where the system has no such resource for this client.

    Raises MorePages where it has more than `most_pages`, and as EdFiApi.pages.
    """
    for _ in range(TRIES):
        pages = await api.pages(resource, {}, most=MOST, begin=begin, take=take, most_pages=most_pages)
        if pages < 2 or not await watch.went(resource):
            return pages > 0
    raise EdFiSystemChangesTooFast


async def of_keys(
    api: EdFiApi, resource: str, keys: Mapping[Any, Query], key_of: KeyOf, watch: Watch | None, *, begin: Callable[[], None], take: Take
) -> bool:
    """Every body of a resource that has one of `keys`; False where the system has no such resource for this client.

    keys    by key, the query that finds its bodies
    key_of  a body's key
    watch   None: by key alone, so that of nobody else is anything read

    Before the first body `begin` is called: what was taken before it counts no more. Raises as EdFiApi.
    """
    if watch is not None and len(keys) > FEW:

        def take_those(page: Sequence[Body]) -> None:
            take([body for body in page if key_of(body) in keys])

        try:
            return await whole(api, resource, watch, begin=begin, take=take_those, most_pages=len(keys) // A_PAGE)
        except (MorePages, EdFiSystemChangesTooFast):
            pass  # pages that shift again and again do not where bodies are asked for by key
    has_begun = False
    for key in sorted(keys):
        those = await api.every(resource, keys[key], most=MOST)
        if those is None and not has_begun:
            return False
        if those is None:
            # As if it had no body of these students any more: what it had is not to go for that.
            raise EdFiSystemChangesTooFast
        if not has_begun:
            begin()
            has_begun = True
        take(those)
    return has_begun
