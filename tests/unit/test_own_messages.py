"""What was accepted can be read again: no event or result is so deep that our own messages are buried."""

import json
from typing import Any

from dispatcher.attempt import Assignment
from dispatcher.batch import _assignment
from fairlane.domain.catalog import QueueOwner
from fairlane.domain.errors import Refused
from fairlane.domain.task import Status
from fairlane.events import event_json, parse_submission
from fairlane.http import MAX_DEPTH, parse_json
from fairlane.ports.queues import Message
from fairlane.received import OWN_DEPTH, Received, received_of
from fairlane.results import result_message
from tests.simulation.fakes.clock import VirtualClock
from tests.simulation.fakes.queues import FakeQueues
from tests.unit.domain.building import NOW, a_task

OWNER = QueueOwner("ada", "default", "lane", "results")


def nested(levels: int) -> Any:
    return json.loads("[" * levels + "1" + "]" * levels)


def received(message: Message) -> Received:
    queues = FakeQueues(VirtualClock())
    url = queues.add("lane")
    queues.send(url, [message])
    (record,) = queues.receive(url)
    return received_of(record)


def test_the_deepest_event_that_is_accepted_is_run() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": nested(MAX_DEPTH)}
    [accepted] = parse_submission([("content-type", "application/cloudevents+json")], json.dumps(event).encode()).events
    assert not isinstance(accepted, Refused)

    message = received(Message(event_json(accepted), {"task": "t_1", "generation": "1"}))

    assignment = _assignment(message, OWNER, NOW)

    assert isinstance(assignment, Assignment), assignment
    assert assignment.event["data"] == event["data"]


def test_the_deepest_result_that_is_accepted_is_told() -> None:
    task = a_task(status=Status.SUCCEEDED, result=json.dumps(nested(MAX_DEPTH)))

    told = parse_json(result_message(task).body.encode(), depth=OWN_DEPTH)

    assert told["data"]["task"]["result"] == nested(MAX_DEPTH)
