"""How large a pair of states is made."""

from dataclasses import dataclass, replace

from node.synthetic.states import ALDER, ALDER_WHOLE, BIRCH, BIRCH_WHOLE, StatePlan


@dataclass(frozen=True)
class Profile:
    """So many students whose first state it is, and so many times the schools of its plan. Who moves in comes on top."""

    name: str
    students: int
    schools: int
    plans: tuple[StatePlan, StatePlan]

    def states(self) -> tuple[StatePlan, StatePlan]:
        """Alder and Birch with schools enough."""
        return enlarged(self.plans[0], self.schools), enlarged(self.plans[1], self.schools)


def enlarged(state: StatePlan, times: int) -> StatePlan:
    """The state with `times` as many schools in each district."""
    return replace(state, districts=tuple((name, levels * times) for name, levels in state.districts))


WHOLE = (ALDER_WHOLE, BIRCH_WHOLE)

PROFILES: dict[str, Profile] = {
    one.name: one
    for one in (Profile("demo", 200, 1, (ALDER, BIRCH)), Profile("state", 20_000, 2, WHOLE), Profile("load", 250_000, 18, WHOLE))
}
