"""`make demo`: two nodes as two processes on this machine, the story, and then what to try next."""

import asyncio
import shutil
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from node.demo.chapters.both_logs import both_logs
from node.demo.chapters.consent import consent
from node.demo.chapters.decision import decision
from node.demo.chapters.loading import load_both_states
from node.demo.chapters.refusals import refusals
from node.demo.chapters.tampering import tampering
from node.demo.chapters.transfer import transfer, what_came
from node.demo.chapters.vendor import vendor
from node.demo.doors import opened
from node.demo.narration import Narrator, NotAsTold
from node.demo.network import new_network
from node.demo.next_steps import say_what_to_try
from node.demo.processes import NodeDidNotStart, NodeProcess, free_port, taken
from node.demo.story import Story, tell, trust_list_in
from node.synthetic import ALDER, BIRCH
from safepassage.problems import SuiteError
from shared.clock import system_clock

CHAPTERS = (load_both_states, transfer, what_came, decision, both_logs, vendor, refusals, consent)
PORTS = (8441, 8442)


class NodeOutage:
    """A node that is a process of ours, taken off the network (rudely: SIGKILL) and brought back."""

    def __init__(self, process: NodeProcess, *, rudely: bool) -> None:
        self._process, self._rudely = process, rudely

    def begin(self) -> None:
        """End the process."""
        if self._rudely:
            self._process.kill()
        else:
            self._process.stop()

    def end(self) -> None:
        """Start it again."""
        self._process.start().wait_until_ready()


async def run_demo(
    folder: Path, *, once: bool, console: Console, students_per_state: int = 200, ports: tuple[int, int] | None = PORTS
) -> int:
    """Tell the story in `folder`, which is made anew. 0 if every step was verified; 1 with the step that was not."""
    narrator, begun = Narrator(console), time.monotonic()
    narrator.title(
        "Safe Passage",
        "Two fictional states on this machine, Alder and Birch, each a node of its own. A child moves from one to the other.\n"
        "Nobody in it exists. The policies are unreviewed drafts of law; nothing here claims legal compliance.",
    )
    chosen = ports or (free_port(), free_port())
    for port in filter(taken, chosen):
        console.print(f"[bold red]Port {port} is in use.[/] Stop what listens there, or take any ports: safepassage-node demo --any-ports")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    alder, birch = await new_network(folder, ports=chosen)
    processes = {"Alder": NodeProcess(alder), "Birch": NodeProcess(birch)}
    try:
        for process in processes.values():
            process.start()
        for process in processes.values():
            await asyncio.to_thread(process.wait_until_ready)
        async with AsyncExitStack() as stack:
            story = Story(
                narrator=narrator,
                alder=await stack.enter_async_context(opened(ALDER, alder.path / "clients")),
                birch=await stack.enter_async_context(opened(BIRCH, birch.path / "clients")),
                trust_list=trust_list_in(alder.trust_list),
                as_of=system_clock().date(),
                students_per_state=students_per_state,
                outages={name: NodeOutage(process, rudely=name == "Birch") for name, process in processes.items()},
            )
            await tell(story, CHAPTERS)
            await tampering(story, alder)
            narrator.title("Done", f"{narrator.verified} statements verified in {time.monotonic() - begun:.0f} s.")
            if not once:
                say_what_to_try(narrator, story)
                await _until_interrupted()
    except (NotAsTold, SuiteError, NodeDidNotStart) as error:
        console.print(f"\n[bold red]The story did not go as told:[/] {error}")
        for name, process in processes.items():
            console.print(f"[dim]{name}: the end of {process.log_file}[/]\n{process.last_lines()}", markup=True)
        return 1
    finally:
        for process in processes.values():
            process.stop()
    return 0


async def _until_interrupted() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
