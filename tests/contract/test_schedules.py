"""Random schedules on the fake and on the real adapter at once: every answer must be the same.

The contract's tests state the rules one by one; this finds the histories that nobody thought of. The
scheduler runs one thread at a time, which moto needs.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

import boto3
import pytest
from moto import mock_aws

from fairlane.aws.attention import DynamoAttention
from fairlane.aws.items import task_key
from fairlane.aws.tasks import DynamoTasks
from fairlane.domain.attention import Attention
from fairlane.domain.task import Moment, Outcome, Task, Touch
from fairlane.ports.attention import Noted
from fairlane.ports.tasks import Created, Existing, Refusal
from tests.contract.places import make_tasks_table
from tests.simulation.fakes.tasks import FakeTasks, OnWrite
from tests.simulation.schedule import Schedule
from tests.simulation.world import Parts

CHUNKS, SEEDS = 2, range(9_000, 9_020)
T = TypeVar("T")


class BothTasks(FakeTasks):
    """The fake, compared with DynamoDB after each call."""

    def __init__(self, on_write: OnWrite, client: Any, table: str) -> None:
        super().__init__(on_write)
        self._client = client
        self._table = table
        self._real = DynamoTasks(client, table)
        self._attention = DynamoAttention(client, table)
        self.calls = 0
        self.differences: list[object] = []

    def create(self, task: Task) -> Created | Existing:
        return self._same(super().create(task), self._real.create(task))

    def prolong(self, task: Task, *, now: datetime) -> bool:
        return self._same(super().prolong(task, now=now), self._real.prolong(task, now=now))

    def get(self, tenant: str, task_id: str) -> Task | None:
        return self._same(super().get(tenant, task_id), self._real.get(tenant, task_id))

    def claim(
        self, tenant: str, task_id: str, *, generation: int, now: datetime, lease_until: datetime, detail: str = ""
    ) -> Task | Refusal:
        return self._same(
            super().claim(tenant, task_id, generation=generation, now=now, lease_until=lease_until, detail=detail),
            self._real.claim(tenant, task_id, generation=generation, now=now, lease_until=lease_until, detail=detail),
        )

    def note(self, tenant: str, task_id: str, *, generation: int, moment: Moment) -> Task | Refusal:
        return self._same(
            super().note(tenant, task_id, generation=generation, moment=moment),
            self._real.note(tenant, task_id, generation=generation, moment=moment),
        )

    def commit(self, task: Task, outcome: Outcome) -> Task | Refusal:
        return self._same(super().commit(task, outcome), self._real.commit(task, outcome))

    def touch(self, task: Task, touch: Touch) -> Task | Refusal:
        return self._same(super().touch(task, touch), self._real.touch(task, touch))

    def note_attention(self, tenant: str, task_id: str, attention: Attention | None) -> None:
        """The index changes a mark beside this store: `FakeAttention` here, `DynamoAttention` there."""
        before = self.records[tenant, task_id].task.attention
        super().note_attention(tenant, task_id, attention)
        if before is None:
            return
        if attention is None:
            self._attention.settle(Noted(tenant, task_id, before))
        else:
            self._attention.postpone(Noted(tenant, task_id, before), attention.at)

    def expire(self, now: datetime) -> None:
        before = set(self.records)
        super().expire(now)
        for tenant, task_id in before - set(self.records):
            self._client.delete_item(TableName=self._table, Key=task_key(tenant, task_id))

    def _same(self, fake: T, real: T) -> T:
        self.calls += 1
        if fake != real:
            self.differences.append((fake, real))
        return fake


@pytest.fixture(scope="module")
def dynamodb(made_up_credentials: None) -> Iterator[Any]:  # noqa: ARG001
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_fake_and_dynamodb_answer_the_same_throughout_a_schedule(dynamodb: Any, chunk: int) -> None:
    calls = 0
    for seed in SEEDS[chunk::CHUNKS]:
        table = f"tasks-{seed}"
        make_tasks_table(dynamodb, table)
        made: list[BothTasks] = []

        def both(on_write: OnWrite, *, table: str = table, made: list[BothTasks] = made) -> BothTasks:
            made.append(BothTasks(on_write, dynamodb, table))
            return made[0]

        violations = Schedule(seed, Parts(tasks=both)).run()

        assert (seed, violations, made[0].differences) == (seed, [], [])
        calls += made[0].calls
    assert calls > 100
