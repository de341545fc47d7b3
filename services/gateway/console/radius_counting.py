"""A blast radius is counted behind its page: of ten million entries that takes half a minute, and the page says how far it is."""

from safepassage.wire_log_radius import BlastRadiusCount
from services.gateway.console.node_reader import NodeReader
from services.gateway.console.radius_question import Question


async def counted(node: NodeReader, question: Question, *, wait: int) -> BlastRadiusCount:
    """How far it is, after so many seconds at the most; begun where it is not under way. The question has its id. Raises as `Node.ask`."""
    path = f"/v1/log/blast-radius/counts/{question.count}"
    return await node.ask("audit", path, question.request, BlastRadiusCount, query={"wait": wait}, method="PUT")
