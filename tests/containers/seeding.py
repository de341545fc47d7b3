"""The demo's organisations and clients, registered in a gateway's container as an operator does it, by the command's own functions."""

import io
import tarfile
from datetime import date
from pathlib import Path

from node.synthetic import StatePlan
from tests.containers.composed import PORTS, Composed

SEED = """
import asyncio, os, sys, tarfile
from datetime import date
from pathlib import Path
from uuid import UUID

from node.demo.seeding import seed
from node.synthetic import ALDER, BIRCH
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings

async def main(state, as_of, url, authorities):
    folder = Path("/tmp/clients")
    folder.mkdir(mode=0o700)
    settings, plan = GatewaySettings(), {"Alder": ALDER, "Birch": BIRCH}[state]
    agency_id = UUID(os.environ["SAFE_PASSAGE_NODE_ORGANISATION_ID"])
    async with administration(settings) as hand:
        await seed(hand, plan, agency_id=agency_id, issuer=settings.entity_id, folder=folder, as_of=date.fromisoformat(as_of),
                   url=url, authorities=authorities)
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        archive.add(folder, ".")

asyncio.run(main(*sys.argv[1:]))
"""


def seed(composed: Composed, plan: StatePlan, folder: Path, *, as_of: date, authorities: Path) -> Path:
    """Register them; gives the folder of their files, private keys included, which are nowhere else afterwards."""
    gateway = f"{plan.name.lower()}-gateway"
    in_the_service = 'set -a; . /run/safe-passage/public/node.env; exec python -c "$0" "$@"'
    arguments = (plan.name, as_of.isoformat(), f"https://127.0.0.1:{PORTS[gateway]}", str(authorities))
    archive = composed.run_for_bytes(gateway, "sh", "-c", in_the_service, SEED, *arguments)
    files = folder / plan.name
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        opened.extraction_filter = getattr(tarfile, "data_filter", None)  # since Python 3.11.4; the archive is our own
        opened.extractall(files)  # noqa: S202
    assert composed.run(gateway, "rm", "-r", "/tmp/clients").returncode == 0  # noqa: S108 the container's own
    return files
