"""The operations on the destinations that a node sends its log to, as `safepassage.client.calls`. Scope audit:destinations."""

from uuid import UUID

from safepassage.client.call import Call, path_of, reading, writing
from safepassage.wire_destinations import (
    LogDestination,
    LogDestinations,
    MadeLogDestination,
    NewLogDestination,
    NewLogReplay,
    PingAnswer,
    SecretRotation,
)

_ONE = "/v1/log/destinations/{id}"


def make_log_destination(destination_id: UUID, new: NewLogDestination, *, idempotency_key: str | None = None) -> Call[MadeLogDestination]:
    """Send the log to a receiver from now on, under an id of your choice. Its secret is shown this once."""
    return writing("PUT", path_of(_ONE, id=destination_id), new, MadeLogDestination, idempotency_key=idempotency_key)


def list_log_destinations() -> Call[LogDestinations]:
    """Where each destination stands."""
    return reading("/v1/log/destinations", LogDestinations)


def read_log_destination(destination_id: UUID) -> Call[LogDestination]:
    """Where one destination stands."""
    return reading(path_of(_ONE, id=destination_id), LogDestination)


def delete_log_destination(destination_id: UUID, *, idempotency_key: str | None = None) -> Call[LogDestination]:
    """Send it nothing more, and forget its keys; it is shown a last time."""
    return writing("DELETE", path_of(_ONE, id=destination_id), None, LogDestination, idempotency_key=idempotency_key)


def rotate_log_destination_secret(
    destination_id: UUID, rotation: SecretRotation, *, idempotency_key: str | None = None
) -> Call[MadeLogDestination]:
    """Sign with another key from now on; the one before signs too for a while."""
    path = path_of(_ONE + "/secret-rotation", id=destination_id)
    return writing("POST", path, rotation, MadeLogDestination, idempotency_key=idempotency_key)


def ping_log_destination(destination_id: UUID, *, idempotency_key: str | None = None) -> Call[PingAnswer]:
    """Send it a message that tells of no entry, now, and see what comes back."""
    return writing("POST", path_of(_ONE + "/ping", id=destination_id), None, PingAnswer, idempotency_key=idempotency_key)


def pause_log_destination(destination_id: UUID, *, idempotency_key: str | None = None) -> Call[LogDestination]:
    """Send it nothing for now; it gets it all once it is resumed."""
    return writing("POST", path_of(_ONE + "/pause", id=destination_id), None, LogDestination, idempotency_key=idempotency_key)


def resume_log_destination(destination_id: UUID, *, idempotency_key: str | None = None) -> Call[LogDestination]:
    """Go on where it stands, also where it was disabled."""
    return writing("POST", path_of(_ONE + "/resumption", id=destination_id), None, LogDestination, idempotency_key=idempotency_key)


def replay_log_entries(destination_id: UUID, new: NewLogReplay, *, idempotency_key: str | None = None) -> Call[LogDestination]:
    """Have entries sent to it again, behind what is new."""
    return writing("POST", path_of(_ONE + "/replays", id=destination_id), new, LogDestination, idempotency_key=idempotency_key)
