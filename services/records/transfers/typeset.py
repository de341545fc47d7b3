"""Typesetting a document that carries a file, tagged for screen readers (PDF/UA-1), as services.audit does the accounting's."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple


class Attached(NamedTuple):
    """A file inside the PDF."""

    name: str
    text: str
    description: str


def typeset(template: bytes, said: Mapping[str, Any], file: Attached, *, images: Mapping[str, str] | None = None) -> bytes:
    """The PDF of a Typst template, which is given `said` and `images` (SVG) as inputs.

    A name in a script which Typst's own fonts do not have is drawn with the machine's, and the file does not claim PDF/UA-1 then.
    """
    import typst  # noqa: PLC0415 34 MB that nothing else of this service needs

    inputs = {"file": json.dumps(file._asdict()), **(images or {})}
    own = typst.Fonts(include_system_fonts=False)
    try:
        said_in_own = {**inputs, "said": json.dumps({**said, "any_script": False})}
        return bytes(typst.compile(template, font_paths=own, sys_inputs=said_in_own, pdf_standards="ua-1"))
    except typst.TypstError:
        said_in_any = {**inputs, "said": json.dumps({**said, "any_script": True})}
        return bytes(typst.compile(template, font_paths=typst.Fonts(), sys_inputs=said_in_any))
