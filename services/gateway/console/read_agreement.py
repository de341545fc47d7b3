"""An agreement of any kind, as the person who asks may see it."""

from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from safepassage.wire_evidence import AnyAgreement
from services.gateway.console.node_reader import NodeReader

_ANY: Final[TypeAdapter[AnyAgreement]] = TypeAdapter(AnyAgreement)


async def agreement_of(node: NodeReader, agreement_id: UUID) -> AnyAgreement:
    """An agreement that the person's organisation is a party to. Raises NoSuchAgreement."""
    return _ANY.validate_json(await node.bytes_of("privacy", f"/v1/agreements/{agreement_id}"))
