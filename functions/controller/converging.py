"""The schedule's work: everything that is marked is brought one step closer to what the registry says."""

from dataclasses import dataclass
from itertools import groupby

from aws_lambda_powertools import Logger

from controller.lane_convergence import LaneConvergence
from controller.marks import Marks
from controller.tenants import Tenants


@dataclass(frozen=True)
class Converging:
    """The use case."""

    tenants: Tenants
    lanes: LaneConvergence
    marks: Marks
    logger: Logger

    def __call__(self) -> int:
        """How many tenants and lanes were moved on."""
        moved = 0
        for (tenant, lane), group in groupby(list(self.marks.each()), lambda mark: (mark.tenant, mark.lane)):
            marks = list(group)  # those of later requests stay
            try:
                done = self.tenants.converge(tenant) if lane is None else self.lanes.step(tenant, lane)
            except Exception:  # one tenant's trouble must not keep the others waiting; the next run tries again
                about = {"action": "converge_failed", "tenant": tenant, "lane": lane}
                self.logger.exception("not converged", extra=about)
                continue
            moved += 1
            for mark in marks:
                if done and self.marks.is_old(mark):
                    self.marks.remove(mark)
        return moved
