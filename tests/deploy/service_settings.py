"""Whether a set of environment variables is what a service takes: complete, valid, and nothing that it would ignore."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import pytest

from shared.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)
PREFIX = "SAFE_PASSAGE_"


def require_settings(kind: type[Settings], environment: Mapping[str, str], *, shared: Iterable[str] = ()) -> Settings:
    """The settings that a service reads from `environment`. Raises ValidationError, or AssertionError for a variable that it ignores.

    shared  names of variables that are given to all four services, of which each takes what it has a setting for
    """
    known = {f"{PREFIX}{name}".upper() for name in kind.model_fields}
    unknown = {name for name in environment if name.startswith(PREFIX)} - known - set(shared)
    assert unknown == set(), "the service would ignore these"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return kind()
