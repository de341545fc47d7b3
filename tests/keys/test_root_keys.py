"""What every holder of root keys does, on each that this machine has (tests/keys/with-providers)."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.root_keys.pkcs11_token import TokenRootKey
from shared.root_keys.root_key import Generated, RootKeyRefused, RootKeyUnreachable
from tests.keys.holders import HOLDERS, Holder, params

HERE = {"safepassage-entity": "https://alder.example", "safepassage-service": "records", "safepassage-version": "1"}


@pytest.fixture(params=params())
def holder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Holder]:
    _, reached = HOLDERS[request.param]
    held = reached(tmp_path)
    yield held
    held.root.close()


def test_what_it_wrapped_it_unwraps(holder: Holder) -> None:
    made = holder.root.generate(1, context=HERE)
    assert len(made.key) == 32
    assert made.key not in made.wrapped
    assert holder.root.unwrap(made.wrapped, version=1, context=HERE) == made.key
    assert made.key.hex() not in repr(made)


def test_two_keys_of_one_version_differ_and_both_open(holder: Holder) -> None:
    first, second = (holder.root.generate(1, context=HERE) for _ in range(2))
    assert first.key != second.key
    assert [holder.root.unwrap(one.wrapped, version=1, context=HERE) for one in (first, second)] == [first.key, second.key]


@pytest.mark.parametrize("other", [{**HERE, "safepassage-service": "audit"}, {**HERE, "safepassage-version": "2"}, {}])
def test_in_another_context_it_does_not_open(holder: Holder, other: dict[str, str]) -> None:
    made = holder.root.generate(1, context=HERE)
    with pytest.raises(RootKeyRefused):
        holder.root.unwrap(made.wrapped, version=1, context=other)


def test_altered_it_does_not_open(holder: Holder) -> None:
    made = holder.root.generate(1, context=HERE)
    for at in (-2, -12, -24):  # in the sealed part, which every holder authenticates
        altered = bytearray(made.wrapped)
        altered[at] = ord("A") if altered[at] != ord("A") else ord("B")
        with pytest.raises((RootKeyRefused, RootKeyUnreachable)):
            holder.root.unwrap(bytes(altered), version=1, context=HERE)
    assert holder.root.unwrap(made.wrapped, version=1, context=HERE) == made.key


def two_versions(holder: Holder) -> tuple[Generated, Generated]:
    return holder.root.generate(1, context=HERE), holder.root.generate(2, context={**HERE, "safepassage-version": "2"})


def test_a_destroyed_version_opens_nothing_and_the_next_goes_on(holder: Holder) -> None:
    first, second = two_versions(holder)
    for _ in range(2):  # destroyed again it is as destroyed
        holder.root.destroy(1, wrapped=first.wrapped)
    with pytest.raises(RootKeyRefused):
        holder.root.unwrap(first.wrapped, version=1, context=HERE)
    assert holder.root.unwrap(second.wrapped, version=2, context={**HERE, "safepassage-version": "2"}) == second.key


def test_a_disabled_version_is_refused(holder: Holder) -> None:
    first, second = two_versions(holder)
    holder.disable(1)
    with pytest.raises(RootKeyRefused):
        holder.root.unwrap(first.wrapped, version=1, context=HERE)
    assert holder.root.unwrap(second.wrapped, version=2, context={**HERE, "safepassage-version": "2"}) == second.key


def test_a_holder_that_does_not_answer_is_no_refusal(holder: Holder) -> None:
    made = holder.root.generate(1, context=HERE)
    with closing(holder.away()) as away:
        with pytest.raises(RootKeyUnreachable):
            away.unwrap(made.wrapped, version=1, context=HERE)
        with pytest.raises(RootKeyUnreachable):
            away.generate(2, context=HERE)
        with pytest.raises(RootKeyUnreachable):
            away.destroy(1, wrapped=made.wrapped)
    assert holder.root.unwrap(made.wrapped, version=1, context=HERE) == made.key


@pytest.mark.parametrize("module", ["/nowhere/module.so", __file__])
def test_a_module_that_cannot_be_loaded_is_said_by_the_setting_that_names_it(tmp_path: Path, module: str) -> None:
    root = TokenRootKey(module=Path(module), token_label="any", pin_file=tmp_path / "pin", name="any")
    with closing(root), pytest.raises(RootKeyUnreachable, match="SAFE_PASSAGE_PKCS11_MODULE_FILE"):
        root.unwrap(b"", version=1, context={})
