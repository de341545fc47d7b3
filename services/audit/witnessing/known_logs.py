"""Whose logs this node witnesses: those of the other active members of the trust list, by the keys that the list shows as active."""

from safepassage.notes import VerifierKey
from safepassage.problems import SuiteError
from safepassage.problems.requests import TemporarilyUnavailable
from shared.trust import Trust


class KnownLogs:
    """The logs of the trust list in force."""

    def __init__(self, trust: Trust, *, own_entity_id: str) -> None:
        self._trust, self._own = trust, own_entity_id

    def keys_of(self, origin: str) -> tuple[VerifierKey, ...]:
        """The keys of the log; none for one that no other member has, and while there is no list.

        Raises TemporarilyUnavailable while the list is not in force: no 4xx, which would say something of the log that asks.
        """
        if self._trust.held is None:
            return ()
        try:
            members = self._trust.current().members
        except SuiteError:
            raise TemporarilyUnavailable("the trust list is not in force") from None
        for member in members:
            # INVARIANT: nobody is a witness of its own log.
            if member.status != "active" or member.entity_id == self._own:
                continue
            for log in member.logs:
                if log.origin == origin:
                    return log.identity().keys
        return ()
