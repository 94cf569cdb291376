"""The gates of one batch: one for each lane in it, which is one for a lane's own queue."""

from dispatcher.attempt import Planned
from dispatcher.flow import Flow
from dispatcher.gate import Gate


class Gates:
    """Made for a batch, and settled with it."""

    def __init__(self, flow: Flow) -> None:
        """`flow` is the execution environment's."""
        self._flow = flow
        self._gates: dict[tuple[str, str], Gate] = {}

    def expect(self, planned: Planned) -> None:
        """Before anything runs: the gate takes slots for all of its messages at once."""
        key = (planned.assignment.tenant, planned.assignment.lane)
        if key not in self._gates:
            self._gates[key] = Gate(*key, self._flow)
        self._gates[key].expect(planned.need)

    def of(self, planned: Planned) -> Gate:
        """The gate that it has to pass."""
        return self._gates[planned.assignment.tenant, planned.assignment.lane]

    def settle(self, *, last: bool = False) -> None:
        """Give back what is idle; in the end all but what may still run. Never raises."""
        for gate in self._gates.values():
            gate.settle(last=last)
