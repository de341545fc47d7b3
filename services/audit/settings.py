"""What the audit service is told."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from safepassage.wire_retention import RetentionName
from services.audit.alerts.thresholds import Thresholds
from shared.sealing_settings import SealingSettings


class AuditSettings(SealingSettings):
    """Settings of the audit service; docs/settings.md documents each one."""

    checkpoint_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=3600,
            description="How often the log publishes a checkpoint of entries that nobody waits for; any other is published at once.",
        ),
    ] = 1.0
    max_append_bytes: Annotated[
        int, Field(ge=65_536, le=2**26, description="Largest body of one append by another service of the node.")
    ] = 8 * 2**20
    preparing_processes: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="Processes that read, draft and seal large appends (64 KiB and more) beside this one, on other cores. "
            "0: the service does it itself, as the embedded node does.",
        ),
    ] = 0
    disclosure_copy_days: Annotated[
        int,
        Field(
            ge=0,
            le=29,
            description="How old the oldest further disclosure on behalf of a district becomes before the copy of the record is made "
            "which the district has to have within 30 days (34 CFR 99.32(b)(2)(iii)).",
        ),
    ] = 7
    witness_policy_file: Annotated[
        Path | None,
        Field(
            description="Who witnesses this node's log, and which of them together are enough: a C2SP tlog-policy with an address for each "
            "(`safepassage-node trust witnesses` writes one). None: nobody does."
        ),
    ] = None
    witness_seconds: Annotated[
        float,
        Field(gt=0, le=3600, description="How often a new checkpoint goes to the witnesses; at once where somebody waits for them."),
    ] = 1.0
    destination_seconds: Annotated[
        float, Field(gt=0, le=3600, description="How often is looked whether there are new entries for the destinations of the log (SIEM).")
    ] = 1.0
    destination_hosts: Annotated[
        tuple[str, ...],
        Field(
            description="Receivers inside the node's own networks that the log may be sent to: `host` or `host:port`, as the destination "
            "names it. Any other is refused where its address is private, of this machine, of the link or of no network."
        ),
    ] = ()
    destination_authorities_file: Annotated[
        Path | None,
        Field(description="PEM file of the only certificate authorities believed for destinations of the log; else the system's."),
    ] = None
    mirror_mib: Annotated[
        int,
        Field(
            ge=0,
            le=2**24,
            description="Room for copies of other nodes' logs, in MiB of entries (docs/witnessing.md). 0: this node mirrors nobody.",
        ),
    ] = 0
    mirror_policy_file: Annotated[
        Path | None,
        Field(description="Who mirrors this node's log: a C2SP tlog-policy with the mirrors' keys and addresses. None: nobody does."),
    ] = None
    mirror_seconds: Annotated[
        float, Field(gt=0, le=3600, description="How often new entries go to the mirrors, at most 2,048 of each log to each of them.")
    ] = 5.0
    retention_years: Annotated[
        dict[RetentionName, int],
        Field(
            description="Years for which what the log seals is kept, by retention class (accounting, evidence, access, operation), "
            "where a state keeps it longer than docs/retention.md says. A shorter period counts as the one said there."
        ),
    ] = {}  # noqa: RUF012 pydantic gives each settings object a copy
    alert_thresholds: Annotated[
        Thresholds,
        Field(description="When something unusual in the log is told, where it differs from what docs/alerts.md says: a JSON object."),
    ] = Thresholds()
    rotates_key_encryption_key: Annotated[
        bool,
        Field(
            description="After a destruction the service itself makes the next version of its key-encryption key and destroys the one "
            "before. Only for one process that may write its folder of keys, of which there is no other copy; the embedded node sets it."
        ),
    ] = False
    retired_log_keys_directory: Annotated[
        Path | None,
        Field(
            description="Folder of the public halves of the log's earlier keys, by the day of their replacement; "
            "by default `log-retired` in the folder of keys."
        ),
    ] = None
