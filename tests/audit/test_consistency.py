"""Paths between sizes: the same from memory and from the store, and with the answer of an append for who asks there."""

from collections.abc import Sequence

import pytest

from safepassage.canonical import from_base64url
from safepassage.checkpoints import parse_checkpoint, parse_note
from safepassage.problems.log import SizesNotOrdered
from safepassage.proofs import verify_consistency
from services.audit.consistency import Consistency
from services.audit.published import published_log
from services.audit.tile_memory import TileMemory
from shared.contracts.audit import AppendRequest, AppendResponse, Event, KnownSize
from tests.audit import naive_tree
from tests.audit.audit_node import AuditNode, event

pytestmark = pytest.mark.anyio

ORIGIN = "alder.example/log/2026"


async def roots(node: AuditNode) -> list[bytes]:
    """The root of every size of the log, by the RFC's text."""
    await node.sequencer.publish_now()
    async with node.database.reading() as tx:
        published = await published_log(tx)
        hashes = [naive_tree.leaf_hash(entry) for entry in await published.tree.entries(0, published.size)]
    return [naive_tree.tree_head(hashes[:size]) for size in range(len(hashes) + 1)]


async def append(node: AuditNode, *events: Event, continues: Sequence[KnownSize]) -> AppendResponse:
    body = AppendRequest(events=events, continues=tuple(continues)).model_dump_json(by_alias=True, exclude_none=True).encode()
    answer = await node.send("POST", "/internal/entries", node.as_job("records"), body)
    assert answer.status == 200, answer.body
    return AppendResponse.model_validate_json(answer.body)


@pytest.mark.requirement("LOG-I3")
async def test_paths_from_memory_are_those_of_the_store(node: AuditNode) -> None:
    sizes = []
    for count in (1, 5, 250, 1, 300, 17):
        sizes.append((await node.append(*[event("request") for _ in range(count)])).entries[-1].size)
    root_of = await roots(node)
    remembered: Consistency = node.app.state.consistency
    for new in sizes:
        for old in [size for size in sizes if size <= new]:
            stored = await Consistency(node.database, TileMemory()).path(ORIGIN, old, new)
            assert await remembered.path(ORIGIN, old, new) == await remembered.path(ORIGIN, old, new) == stored
            path = [from_base64url(digest) for digest in stored]
            verify_consistency(old_size=old, new_size=new, old_root=root_of[old], new_root=root_of[new], path=path)


@pytest.mark.requirement("LOG-I3")
async def test_an_append_shows_the_path_from_each_size_that_it_names(node: AuditNode) -> None:
    await node.append(*[event("request") for _ in range(255)])
    first, second = event("request"), event("request")
    for _ in range(2):  # the second time the events are in the log already
        answer = await append(node, first, second, continues=[KnownSize(origin=ORIGIN, size=size) for size in (3, 254, 255)])
        assert answer.entries[1].checkpoint is not None
        size = parse_checkpoint(parse_note(answer.entries[1].checkpoint).text).size
        root_of = await roots(node)
        assert [(one.origin, one.size, one.to) for one in answer.continued] == [(ORIGIN, old, size) for old in (3, 254, 255)]
        for one in answer.continued:
            path = [from_base64url(digest) for digest in one.path]
            verify_consistency(old_size=one.size, new_size=one.to, old_root=root_of[one.size], new_root=root_of[one.to], path=path)


async def test_no_path_is_shown_from_another_log_nor_from_what_is_not_below_the_checkpoint(node: AuditNode) -> None:
    await node.append(event("request"))
    known = [KnownSize(origin="birch.example/log/2026", size=1), KnownSize(origin=ORIGIN, size=2), KnownSize(origin=ORIGIN, size=99)]
    assert (await append(node, event("request"), continues=known)).continued == ()
    assert (await append(node, event("match"), continues=[KnownSize(origin=ORIGIN, size=1)])).continued == ()


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1), (2, 4)], ids=["before the first", "the larger first", "not published yet"])
async def test_a_path_between_other_sizes_is_refused(node: AuditNode, old: int, new: int) -> None:
    await node.append(*[event("request") for _ in range(3)])
    for consistency in (node.app.state.consistency, Consistency(node.database, TileMemory())):
        with pytest.raises(SizesNotOrdered):
            await consistency.path(ORIGIN, old, new)
