"""What a Data Integrity proof signs: a credential's JSON-LD as canonical N-Quads (RDF Dataset Canonicalization 1.0), by PyLD.

INVARIANT: what is canonicalised says everything that the JSON says. JSON-LD drops what its contexts do not define, and a reader of the JSON
would take it for signed: so such a document is refused, and with it every way to write a member other than by its plain name.
"""

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any, Final

from safepassage.problems.credentials import CredentialMalformed, CredentialsUnavailable, MemberNotSigned, UnknownContext

CREDENTIALS_2: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES_3: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CLR_2: Final = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
EXTENSIONS: Final = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
CONTEXTS: Final = frozenset({CREDENTIALS_2, OPEN_BADGES_3, CLR_2, EXTENSIONS})
"""Those that are shipped. None is ever fetched."""

_FOLDER: Final = Path(__file__).with_name("contexts")
_FILES: Final = {OPEN_BADGES_3: "ob-v3p0-3.0.3.json", CLR_2: "clr-v2p0-2.0.1.json", EXTENSIONS: "ob-v3p0-extensions.json"}
_KEYWORDS: Final = frozenset({"@context", "@value", "@language", "@direction"})
"""Those that a credential may use under their own name."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DEEPEST: Final = 40
_MOST_STEPS: Final = 20_000
"""Of comparing blank nodes that look alike: a credential takes some dozens, a poisoned graph any number."""
_ONE_AT_A_TIME: Final = Lock()
"""PyLD keeps resolved contexts for all callers, and not for several threads at once."""


def canonical_nquads(document: Mapping[str, Any], *, further: Mapping[str, Any] = MappingProxyType({})) -> bytes:
    """The canonical N-Quads of a document whose contexts are all shipped.

    further  contexts by URL that the caller vouches for, beside those

    Raises CredentialMalformed, UnknownContext, MemberNotSigned, CredentialsUnavailable.
    """
    library = _library()
    _require_plain(document, known=CONTEXTS | set(further), depth=0)
    dropped: list[str] = []
    # No base: an empty one would be an example's, and what is relative would be signed as if it were there.
    resolver = library.resolver(further)
    options = {
        "contextResolver": resolver,
        "documentLoader": resolver.document_loader,
        "processingMode": "json-ld-1.1",
        "base": None,
    }
    with _ONE_AT_A_TIME:
        try:
            processor = library.jsonld.JsonLdProcessor(on_property_dropped=dropped.append)
            expanded = processor.expand(document, dict(options))
            if dropped:
                raise MemberNotSigned
            _require_absolute(expanded)
            dataset = processor.to_rdf(expanded, {**options, "produceGeneralizedRdf": False})
            return str(library.bounded().main(dataset, {"format": "application/n-quads"})).encode()
        except (library.jsonld.JsonLdError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise CredentialMalformed("not JSON-LD of its contexts") from error


class _Library:
    """PyLD, with its contexts and ours."""

    def __init__(self) -> None:
        try:
            self.jsonld = import_module("pyld.jsonld")
            frozen = import_module("pyld.documentloader.frozen")
            canon = import_module("pyld.canon")
            self._resolving = import_module("pyld.context_resolver")
        except ModuleNotFoundError as error:
            raise CredentialsUnavailable from error
        ours = {url: json.loads((_FOLDER / name).read_text(encoding="utf-8")) for url, name in _FILES.items()}
        self._contexts = {CREDENTIALS_2: frozen.BUNDLED_CONTEXTS[CREDENTIALS_2], **ours}
        self._loader = frozen.FrozenDocumentLoader

        class Bounded(canon.URDNA2015):  # type: ignore[name-defined, misc]
            """The same, but that a poisoned graph ends (RDF Dataset Canonicalization 1.0, section 7.1)."""

            steps = 0

            def hash_n_degree_quads(self, *arguments: Any) -> Any:
                self.steps += 1
                if self.steps > _MOST_STEPS:
                    raise ValueError("too many blank nodes look alike")
                return super().hash_n_degree_quads(*arguments)

        self.bounded = Bounded
        self._shipped = self._resolver({})

    def resolver(self, further: Mapping[str, Any]) -> Any:
        """What gives the contexts, and nothing else. PyLD's own one shares what it has resolved with whoever uses PyLD in the process, and
        would believe a context that somebody else has fetched. Those that are shipped are resolved once.
        """
        return self._resolver(further) if further else self._shipped

    def _resolver(self, further: Mapping[str, Any]) -> Any:
        return self._resolving.ContextResolver({}, self._loader({**further, **self._contexts}))


@cache
def _library() -> _Library:
    return _Library()


def _require_plain(value: Any, *, known: Collection[str], depth: int) -> None:
    """Raises where the JSON says a thing that the graph would not, or says it under another name.

    Control characters are refused since URDNA2015, which PyLD has, writes them otherwise than the RDFC 1.0 that it became.
    """
    if depth > _DEEPEST:
        raise CredentialMalformed("nested too deep")
    if isinstance(value, Mapping):
        for name, member in value.items():
            if name == "@context":
                _require_shipped(member, known)
            elif ":" in name or "/" in name or (name.startswith("@") and name not in _KEYWORDS):
                raise MemberNotSigned("a member goes by another name than its own")
            else:
                _require_plain(member, known=known, depth=depth + 1)
    elif isinstance(value, list | tuple):
        if not value:
            raise MemberNotSigned("an empty list is in no graph")
        for member in value:
            _require_plain(member, known=known, depth=depth + 1)
    elif value is None:
        raise MemberNotSigned("a null is in no graph")
    elif isinstance(value, str) and _CONTROLS.search(value):
        raise CredentialMalformed("a text has a control character")


def _require_shipped(contexts: Any, known: Collection[str]) -> None:
    named = contexts if isinstance(contexts, list | tuple) else [contexts]
    if not named or not all(isinstance(one, str) and one in known for one in named):
        raise UnknownContext


def _require_absolute(expanded: Any) -> None:
    """Raises MemberNotSigned for a type or an id that is no absolute IRI: its triples would be left out."""
    if isinstance(expanded, list):
        for one in expanded:
            _require_absolute(one)
    elif isinstance(expanded, Mapping):
        named = [*expanded.get("@type", ())] if isinstance(expanded.get("@type"), list) else []
        if "@id" in expanded:
            named.append(expanded["@id"])
        if not all(isinstance(one, str) and ":" in one and not one.startswith("_:") for one in named):
            raise MemberNotSigned("a type or an id has no meaning in the contexts")
        for name, member in expanded.items():
            if name not in ("@type", "@id"):
                _require_absolute(member)
