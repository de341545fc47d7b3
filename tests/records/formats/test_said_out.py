"""What goes out as a document of the field says every value of every element that the record has, in its own words or in its extension."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from defusedxml.ElementTree import fromstring
from pydantic import ValidationError

from safepassage.elements import BY_ID
from safepassage.record.loads import LoadedRecord
from services.records.formats.pesc import Party, write_transcript
from services.records.formats.xsre import write_xsre
from tests.records.formats.where_it_went import is_there, leaves, marked, put
from tests.records.whole_record import whole_record

GIVER, TAKER = Party("giver", "Alder"), Party("taker", "Birch")


def sections() -> dict[str, Any]:
    return {name: value for name, value in whole_record().document().items() if name in {one.partition(".")[0] for one in BY_ID}}


def sif(record: LoadedRecord) -> bytes:
    return write_xsre(record, (), ref_id=UUID(int=7))


def said(document: bytes) -> str:
    """Every text, those of JSON as they are."""
    texts = [one.text or "" for one in fromstring(document).iter()]
    return "\n".join(json.dumps(json.loads(text), ensure_ascii=False) if text[:1] in ("{", "[") else text for text in texts)


def pesc(record: LoadedRecord) -> bytes:
    written = write_transcript(
        record, (), document_id=UUID(int=8), created_at=datetime(2026, 10, 20, tzinfo=UTC), source=GIVER, destination=TAKER
    )
    return written.document


@pytest.mark.requirement("FORM-pesc")
@pytest.mark.requirement("FORM-sif")
@pytest.mark.parametrize("written", [sif, pesc])
def test_a_document_says_every_value_of_every_element(written: Callable[[LoadedRecord], bytes]) -> None:
    whole, missing, tried = sections(), [], 0
    assert {f"{name}.{member}" for name, members in whole.items() for member in members} == set(BY_ID)
    taken = json.dumps(whole, ensure_ascii=False)
    for path, value in leaves(whole):
        other, mark = marked(value, taken)
        try:
            record = LoadedRecord.model_validate(put(whole, path, other))
        except ValidationError:
            continue
        tried += 1
        missing += [] if is_there(mark, said(written(record))) else [path]
    assert missing == []
    assert tried > 100
