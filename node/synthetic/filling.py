"""A record of the size that a measurement asks for."""

import json
from datetime import timedelta
from random import Random

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.people import Document


def fill_up(document: Document, size_bytes: int | None, calendar: SchoolCalendar, random: Random) -> None:
    """Add attendance events of earlier years, or take the oldest events and courses away, until the JSON has about `size_bytes`."""
    if size_bytes is None:
        return
    missing = size_bytes - len(json.dumps(document, ensure_ascii=False).encode())
    events, transcript = document["attendance"].setdefault("events", []), document["academics"].get("transcript", [])
    while missing < 0 and (len(events) > 1 or len(transcript) > 1):
        missing += len(json.dumps(events.pop() if len(events) > 1 else transcript.pop())) + 2
    while missing > 0:
        event = {
            "event_date": (calendar.begins - timedelta(days=random.randrange(1, 1400))).isoformat(),
            "category": {"system": "ceds:000076", "code": "Tardy"},
            "reason": "late bus on the county route",
        }
        events.append(event)
        missing -= len(json.dumps(event)) + 2
    if not events:
        del document["attendance"]["events"]
