"""Telling ends that were committed without holding the lane message: cancelled, called back, timed out.

Such an end stands in `attention` as `unsent` from the write that made it. First the result message is
confirmed, then the mark goes: whoever dies in between leaves the mark, and the janitor sends again, with
the same id.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from fairlane.domain.task import Task
from fairlane.lane_messages import LaneLookup, lane_document
from fairlane.ports.attention import AttentionIndex, Noted
from fairlane.ports.queues import Queues
from fairlane.ports.running import Parallel
from fairlane.ports.tasks import TaskStore
from fairlane.results import result_message


def noted(task: Task) -> Noted | None:
    """The task's entry in the index `attention`."""
    return Noted(task.tenant, task.id, task.attention) if task.attention else None


@dataclass(frozen=True)
class Telling:
    """The use case."""

    tasks: TaskStore
    attention: AttentionIndex
    queues: Queues
    registry: LaneLookup
    parallel: Parallel

    def __call__(self, ended: Sequence[Task]) -> list[Task]:
        """Send the results of these ends and take their marks back; those that could not be sent."""
        by_queue: dict[str | None, list[Task]] = defaultdict(list)
        for task in ended:
            document = lane_document(self.registry, task.tenant, task.lane)
            by_queue[document["results_url"] if document else None].append(self.tasks.load_result(task))
        unsent = by_queue.pop(None, [])
        for url, group in by_queue.items():
            if url is None:
                continue
            confirmed = self.queues.send(url, [result_message(task) for task in group])
            told = [task for task, sent in zip(group, confirmed, strict=True) if sent]
            unsent += [task for task, sent in zip(group, confirmed, strict=True) if not sent]
            for _ in self.parallel(self._settle, told):
                pass
        return unsent

    def _settle(self, task: Task) -> None:
        mark = noted(task)
        if mark is not None:
            self.attention.settle(mark)
