"""What a reader can try once the story is told: lines that work as they are."""

import sys
from pathlib import Path

from node.demo.chapters.transfer import filed_student
from node.demo.narration import Narrator
from node.demo.story import Story


def say_what_to_try(narrator: Narrator, story: Story) -> None:
    """Print curl lines for both nodes, which stay up."""
    narrator.title("Try it", "Both nodes stay up until Ctrl-C. `safepassage curl` gets a token and signs the request; curl sends it.")
    for heading, line in lines(story):
        narrator.say(heading)
        narrator.plain(f"   {line}\n")


def lines(story: Story) -> list[tuple[str, str]]:
    """What each line shows, and the line."""
    command = Path(sys.executable).parent / "safepassage"
    alder, birch, child = story.alder, story.birch, story.children.mover.id
    district, new, agency = (alder.folder / "former-district.json", birch.folder / "new-district.json", alder.folder / "state-agency.json")

    def get(client: Path, url: str) -> str:
        return f'{command} curl --client {client} GET "{url}" | curl --silent --config - "{url}"'

    transferred = "" if story.transfer is None else str(story.transfer.id)
    return [
        ("Alder's public statement of its keys:", f"curl --silent {alder.entity_id}/.well-known/safe-passage"),
        ("Without a token you get a problem that says what to do:", f"curl --silent {alder.entity_id}/v1/students/{child}"),
        (
            "Where the transfer stands, as Birch's information system asks:",
            get(new, f"{birch.entity_id}/v1/exchange-requests/{transferred}"),
        ),
        ("The record as it came:", get(new, f"{birch.entity_id}/v1/exchange-requests/{transferred}/record")),
        ("The child in Birch:", get(new, f"{birch.entity_id}/v1/students/{filed_student(story)}")),
        (
            "The accounting of disclosures of the child, in Alder:",
            get(district, f"{alder.entity_id}/v1/students/{child}/disclosure-accounting"),
        ),
        ("Alder's newest checkpoint:", get(agency, f"{alder.entity_id}/v1/log/checkpoint")),
    ]
