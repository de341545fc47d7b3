"""What the records service is told."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, field_validator

from safepassage.chunks import MAX_CONTENT_BYTES
from safepassage.envelope import MAX_BODY_BYTES
from safepassage.suites import SUITES
from shared.identity_checks import USUAL_DAYS, IdentityCheckDays
from shared.sealing_settings import SealingSettings
from shared.states import is_state


def _known_state(name: str) -> str:
    if name != "US" and not (name.startswith("US-") and is_state(name[3:])):
        raise ValueError("write US- and the postal code of a state, the District or a territory, such as US-OR; XA to XZ are fictional")
    return name


class RecordsSettings(SealingSettings):
    """Settings of the records service; docs/settings.md documents each one."""

    jurisdiction: Annotated[
        str,
        AfterValidator(_known_state),
        Field(
            description="The state whose law the node's records are under: `US-` and its postal code; XA to XZ are fictional.",
            examples=["US-XA"],
        ),
    ]
    node_organisation_id: Annotated[
        UUID,
        Field(
            description="The state agency that runs the node: its id among the node's organizations.",
            examples=[UUID("01980000-0000-7000-8000-000000000001")],
        ),
    ]
    identity_check_days: IdentityCheckDays = USUAL_DAYS
    epoch_keys_directory: Annotated[
        Path | None,
        Field(description="Folder of the weekly keys that peers seal to, where it is mounted apart; else `hpke/` in the keys directory."),
    ] = None
    exchange_tick_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=86_400,
            description="Answers to other nodes leave together at every multiple of this many seconds, so that their time tells nothing; "
            "0 sends each at once, which tells how long the answer took.",
        ),
    ] = 900.0
    exchange_lifetime_hours: Annotated[
        int, Field(ge=1, le=336, description="How long a request of ours wants an answer; at most the 14 days of the wire format.")
    ] = 336
    shred_collected_after_days: Annotated[
        int | None,
        Field(
            ge=1,
            le=3650,
            description="Once a day, what exchanges brought is destroyed where the receiving organization's own system has had it for "
            "so many days; 30 is advised. Unset: it stays until `shred collected` is run (docs/exchange.md).",
        ),
    ] = None
    exchange_suites: Annotated[
        tuple[str, ...],
        Field(
            min_length=1,
            description="Suites of algorithms for exchanges, the preferred first: what the node's statement lists, what it signs with, and "
            "all that it believes of others (docs/suites.md). A JSON list.",
        ),
    ] = tuple(SUITES)
    node_statement_file: Annotated[
        Path | None,
        Field(
            description="The node's own signed statement; needed where the trust list says that the node pulls: it hands it to the others."
        ),
    ] = None
    pull_every_seconds: Annotated[
        float, Field(gt=0, le=3600, description="Where the trust list says that the node pulls: how often it fetches what is for it.")
    ] = 5.0
    max_envelope_bytes: Annotated[
        int, Field(ge=65_536, le=MAX_BODY_BYTES, description="Largest envelope that is taken from another node.")
    ] = MAX_BODY_BYTES
    load_memory_mebibytes: Annotated[
        int | None,
        Field(
            ge=16,
            le=1_048_576,
            description="What reading rosters may take of memory in one process, all of them together. Unset: half of what the container "
            "may have, or the machine has.",
        ),
    ] = None
    peer_requests_a_minute: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="New requests that are taken of one other node in a minute by one process; the rest is told to come later. Whether "
            "the children are known plays no part.",
        ),
    ] = 1200
    peer_findings_a_day: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="New questions of one other node in a day whether a child may be here, that it does not name; the rest is told to "
            "come later. 0: none are answered.",
        ),
    ] = 500
    max_quarantined_per_peer: Annotated[
        int,
        Field(ge=1, le=1_000_000, description="Refused envelopes of one peer that are kept for a person to look at; the rest are counted."),
    ] = 1000
    scanner_address: Annotated[
        str | None,
        Field(
            pattern=r"^(unix:/[!-~]+|tcp://[A-Za-z0-9.\-\[\]:]+:[0-9]{1,5})$",
            description="Where a ClamAV daemon listens: `unix:/run/clamav/clamd.ctl` or `tcp://127.0.0.1:3310`. Without one the node "
            "takes no attachments (docs/attachments.md).",
            examples=["unix:/run/clamav/clamd.ctl"],
        ),
    ] = None
    max_attachment_bytes: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_CONTENT_BYTES,
            description="Largest document that is taken. No more than the ClamAV daemon examines: its StreamMaxLength, MaxFileSize and "
            "MaxScanSize.",
        ),
    ] = 100 * 1024 * 1024
    max_body_bytes: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_CONTENT_BYTES,
            description="Most bytes of documents of one student, loaded here or sent by another node in one package.",
        ),
    ] = MAX_CONTENT_BYTES
    max_waiting_bytes_per_peer: Annotated[
        int, Field(ge=0, description="Most bytes of packages of one node that are on their way or not filed yet; more is put off.")
    ] = 4 * MAX_CONTENT_BYTES
    min_free_disk_bytes: Annotated[
        int,
        Field(
            ge=0,
            description="No document and no large package is taken where less than this would be left on the disk of the store. Looked at "
            "where the store is a file; of a database server its own operator takes care.",
        ),
    ] = MAX_CONTENT_BYTES
    peer_timeout_seconds: Annotated[float, Field(gt=0, le=300, description="How long another node may take to answer one call.")] = 20.0

    ed_fi_systems_file: Annotated[
        Path | None,
        Field(
            description="JSON file of the Ed-Fi systems that the node pulls from and pushes to: whose each is, its address, client id, and "
            "the file of its secret (docs/ed-fi.md)."
        ),
    ] = None
    client_keys_authorities_file: Annotated[
        Path | None,
        Field(description="PEM file of the only certificate authorities believed where clients' key sets are fetched; else the system's."),
    ] = None
    ed_fi_authorities_file: Annotated[
        Path | None, Field(description="PEM file of the only certificate authorities believed for Ed-Fi systems' https; else the system's.")
    ] = None
    statistics_budget: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            description="Epsilon of one organization in one school year: what all its statistics together may tell of one student "
            "(docs/statistics.md). 0 answers none.",
        ),
    ] = 10.0
    statistics_smallest_group: Annotated[
        int, Field(ge=1, le=1000, description="Smallest group of students whose (noisy) count is told.")
    ] = 10
    statistics_kept_days: Annotated[
        int, Field(ge=1, le=366, description="For how many days the same question is given the same answer, at no cost.")
    ] = 30
    statistics_proficient_level: Annotated[
        int,
        Field(
            ge=1, le=9, description="Lowest performance level of the state's own tests that counts as proficient, where levels are numbers."
        ),
    ] = 3

    @field_validator("exchange_suites")
    @classmethod
    def _registered(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not set(names) <= set(SUITES) or len(set(names)) != len(names):
            raise ValueError(f"each once, of: {', '.join(SUITES)}")
        return names

    @property
    def exchange_lifetime(self) -> timedelta:
        """As a duration."""
        return timedelta(hours=self.exchange_lifetime_hours)
