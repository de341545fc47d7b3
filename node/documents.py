"""Documents made from the code, so that they stay true: the OpenAPI document of each service, the settings, the elements, the law's clocks.

`make documents` writes them; tests compare them with what the code says now.
"""

import importlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from node.breach_clocks_page import breach_clocks_page
from node.elements_page import elements_page
from node.merged_document import merged
from node.settings_classes import settings_class
from services.privacy.clocks.page import rights_and_clocks
from shared.sealing_settings import SealingSettings
from shared.settings import ServiceSettings
from shared.who_may_call import SERVICES, ServiceName

ROOT = Path(__file__).parent.parent


@cache
def application(service: ServiceName) -> FastAPI:
    """An application of `service` that is described, never started: its paths lead nowhere. One for a process, to be read only."""
    module = importlib.import_module(f"services.{service}.app")
    values: dict[str, Any] = {
        "entity_id": "https://node.example",
        "database_url": "sqlite+aiosqlite:///nowhere/service.db",
        "keys_directory": Path("nowhere"),
    }
    for name, field in settings_class(service).model_fields.items():
        if field.is_required() and name not in values:
            values[name] = _placeholder(field)
    app: FastAPI = module.create_app(settings_class(service)(**values))
    return app


def _placeholder(field: FieldInfo) -> Any:
    """A value for a required setting of a service that is only described: the field's own example."""
    examples = field.examples or []
    if not examples:
        raise ValueError("a required setting needs an example: Field(examples=[...])")
    return examples[0]


def openapi(service: ServiceName) -> str:
    """The OpenAPI document of a service, as it is pinned in openapi/."""
    return json.dumps(application(service).openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def node_document() -> str:
    """The OpenAPI document of the whole node, as the gateway serves it."""
    whole = merged({service: application(service).openapi() for service in SERVICES})
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def settings_table() -> str:
    """docs/settings.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "Each is an environment variable of the service's process. Secrets are never values: they are files in"
    yield "`SAFE_PASSAGE_KEYS_DIRECTORY`, mode 0600, made by `safepassage-node keys`."
    yield ""
    yield "A variable that begins with `SAFE_PASSAGE_` and is not listed here stops every command and start: a misspelt setting"
    yield "would otherwise be ignored without a word."
    yield ""
    yield "Made from the code (`make documents`); a test compares."
    yield from _table("Every service", ServiceSettings, set())
    yield from _table("Services that seal: privacy, records, audit", SealingSettings, set(ServiceSettings.model_fields))
    for service in SERVICES:
        yield from _table(service, settings_class(service), set(SealingSettings.model_fields))


def _table(title: str, settings: type[ServiceSettings], known: set[str]) -> Iterator[str]:
    fields = {name: field for name, field in settings.model_fields.items() if name not in known}
    if not fields:
        return
    yield ""
    yield f"## {title}"
    yield ""
    yield "| variable | default | what it is |"
    yield "|---|---|---|"
    for name, field in fields.items():
        default = "(required)" if field.default is PydanticUndefined else f"`{field.default}`"
        yield f"| `SAFE_PASSAGE_{name.upper()}` | {default} | {field.description} |"


def main() -> None:
    """Write them all."""
    for service in SERVICES:
        (ROOT / "openapi" / f"{service}.json").write_text(openapi(service))
    (ROOT / "openapi" / "node.json").write_text(node_document())
    (ROOT / "docs" / "settings.md").write_text(settings_table())
    (ROOT / "docs" / "elements.md").write_text(elements_page())
    (ROOT / "docs" / "rights-and-clocks.md").write_text(rights_and_clocks())
    (ROOT / "docs" / "breach-clocks.md").write_text(breach_clocks_page())


if __name__ == "__main__":
    main()
