"""Clocks of a breach are started: a duty for each notice that was chosen, in one act of a form."""

from collections.abc import Mapping
from datetime import datetime

from safepassage.wire_duties import CountedPeople, NewDuty
from services.gateway.console.acts import ActForm, refusals_beside
from services.gateway.console.node_reader import Node


async def start_duties(
    node: Node, form: ActForm, kinds: Mapping[str, CountedPeople | None], *, started_at: datetime, evidence_ref: str
) -> None:
    """Start each once, however often the form is sent. Raises FormWrong with what was refused.

    kinds  with by how many people each is started, where they were counted
    """
    for kind, counted in kinds.items():
        new = NewDuty(kind=kind, started_at=started_at, evidence_ref=evidence_ref, about=f"breach:{form.key}", counted=counted)
        with refusals_beside("evidence_ref"):
            await node.act("privacy", "POST", "/v1/duties", key=f"{form.key}-{kind}", body=new)
