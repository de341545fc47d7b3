"""How large a pair of states is made."""

from dataclasses import dataclass, replace

from node.synthetic.states import ALDER, BIRCH, StatePlan


@dataclass(frozen=True)
class Profile:
    """So many students whose first state it is, and so many times the schools of the demo's state. Who moves in comes on top."""

    name: str
    students: int
    schools: int

    def states(self) -> tuple[StatePlan, StatePlan]:
        """Alder and Birch with schools enough."""
        return enlarged(ALDER, self.schools), enlarged(BIRCH, self.schools)


def enlarged(state: StatePlan, times: int) -> StatePlan:
    """The state with `times` as many schools in each district."""
    return replace(state, districts=tuple((name, levels * times) for name, levels in state.districts))


PROFILES: dict[str, Profile] = {
    one.name: one for one in (Profile("demo", 200, 1), Profile("state", 20_000, 2), Profile("load", 250_000, 18))
}
