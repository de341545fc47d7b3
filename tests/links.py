"""Where the node's document leads on from an answer, followed where that answer is made: by the tests of what a walk over all links
(gateway/test_links_in_turn) cannot have. That test looks that each of them is followed in the file that it names.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel

from safepassage.client import Client
from safepassage.client.call import Call
from tests.isolation.coverage import document, operations


def links() -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """From which operation to which, and what the document says of it."""
    for members in document()["paths"].values():
        for operation in members.values():
            for answer in operation["responses"].values():
                for one in answer.get("links", {}).values():
                    yield (operation["operationId"], one["operationId"]), one


def said(expression: str, *, template: str, path: str, answer: bytes) -> str:
    """What an expression of a link stands for (OpenAPI 3.1 section 4.8.20.4), of an answer to a request to `path`."""
    if expression.startswith("$response.body#/"):
        return str(json.loads(answer)[expression.removeprefix("$response.body#/")])
    return parameters_of(template, path)[expression.removeprefix("$request.path.")]


def parameters_of(template: str, path: str) -> dict[str, str]:
    """What stands in a path where its template has a parameter."""
    pairs = zip(template.split("/"), path.partition("?")[0].split("/"), strict=True)
    return {named[1:-1]: unquote(value) for named, value in pairs if named.startswith("{")}


def linked(source: str, target: str, answer: bytes | BaseModel = b"", *, path: str = "") -> str:
    """The path to which the document leads from an answer of `source` to `target`; `path` is the one that was answered.

    Raises StopIteration where the document has no such link.
    """
    content = answer.model_dump_json().encode() if isinstance(answer, BaseModel) else answer
    link = next(one for pair, one in links() if pair == (source, target))
    template, leads = operations()[source][1], operations()[target][1]
    for name, expression in link["parameters"].items():
        leads = leads.replace("{" + name + "}", said(expression, template=template, path=path, answer=content))
    return leads


async def read_at(client: Client, path: str) -> dict[str, Any]:
    """What a client is answered at a path, where it is answered well."""
    answer: dict[str, Any] = await client.run(Call("GET", path, lambda response: json.loads(response.content)))
    return answer
