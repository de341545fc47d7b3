"""Bodies into an Ed-Fi system: upserts, each after what it refers to, each outcome kept."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from safepassage.problems.ed_fi import EdFiSystemRefused, EdFiSystemUnavailable
from safepassage.wire_ed_fi import EdFiOutcome
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.student_resources import FIRST, ORDER
from services.records.formats.edfi_six import as_six
from shared.clock import Clock

SENDING: Final = timedelta(seconds=15)
"""For so long bodies are sent in answer to one request; what is left goes with the next."""


class Sent(NamedTuple):
    """What became of one student's bodies."""

    outcomes: tuple[EdFiOutcome, ...]
    stopped_by: Exception | None = None
    """What of the system's the rest was not sent for."""


async def send_student(api: EdFiApi, resources: Mapping[str, Sequence[dict[str, Any]]], *, clock: Clock, until: datetime) -> Sent:
    """Send the bodies of one student. A body that is refused stops no other, but for the student itself.

    until  after it nothing more is sent

    Raises nothing of the system's: where it goes away the rest is `not-sent`.
    """
    if api.system.data_standard == 6:
        resources = as_six(resources)
    outcomes: list[EdFiOutcome] = []
    stopped, fault = False, None
    for resource in ORDER:
        for body in resources.get(resource, ()):
            stopped = stopped or clock() >= until
            outcome = EdFiOutcome(resource=resource, outcome="not-sent")
            if not stopped:
                try:
                    outcome = await _send(api, resource, body)
                except (EdFiSystemUnavailable, EdFiSystemRefused) as error:
                    fault = error
            outcomes.append(outcome)
            stopped = stopped or outcome.outcome == "not-sent" or (resource == FIRST and outcome.outcome == "refused")
    return Sent(tuple(outcomes), fault)


async def _send(api: EdFiApi, resource: str, body: Mapping[str, Any]) -> EdFiOutcome:
    answer = await api.send("POST", f"{api.system.data}/{resource}", content=json.dumps(body).encode())
    if answer.status == 201:
        return EdFiOutcome(resource=resource, outcome="created", status=201)
    if answer.status in (200, 204):
        return EdFiOutcome(resource=resource, outcome="updated", status=answer.status)
    return EdFiOutcome(resource=resource, outcome="refused", status=answer.status)
