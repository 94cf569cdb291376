"""Queues as the simulation plays them and as moto does, received as a mapping would."""

from datetime import timedelta

import pytest

from fairlane.ports.queues import Message
from fairlane.received import Received, received_of
from tests.contract.places import QueuePlace

HELLO = Message("hello", {"task": "t_1", "generation": "1"})
VISIBILITY = timedelta(seconds=90)
SECOND = timedelta(seconds=1)


def received(queue: QueuePlace) -> list[Received]:
    return [received_of(record) for record in queue.receive(queue.url)]


def test_what_was_sent_is_received_with_its_attributes(queue: QueuePlace) -> None:
    assert queue.queues.send(queue.url, [HELLO]) == [True]

    (message,) = received(queue)

    assert (message.body, dict(message.attributes)) == (HELLO.body, HELLO.attributes)
    assert message.receive_count == 1
    assert not message.was_redriven


def test_more_than_a_batch_is_sent_and_each_is_confirmed(queue: QueuePlace) -> None:
    many = [Message(str(n), {}) for n in range(23)]

    assert queue.queues.send(queue.url, many) == [True] * 23

    bodies = [message.body for _ in range(3) for message in received(queue)]
    assert sorted(bodies, key=int) == [str(n) for n in range(23)]


def test_a_queue_that_is_not_there_confirms_nothing(queue: QueuePlace) -> None:
    assert queue.queues.send(queue.url + "-gone", [HELLO, HELLO]) == [False, False]


def test_nothing_to_send_is_nothing_confirmed(queue: QueuePlace) -> None:
    assert list(queue.queues.send(queue.url, [])) == []


def test_a_received_message_is_hidden_until_its_visibility_timeout(queue: QueuePlace) -> None:
    queue.queues.send(queue.url, [HELLO])
    (first,) = received(queue)

    queue.pass_time(VISIBILITY - SECOND)
    assert received(queue) == []

    queue.pass_time(2 * SECOND)
    (again,) = received(queue)
    assert (again.message_id, again.sent_at, again.receive_count) == (first.message_id, first.sent_at, 2)


@pytest.mark.parametrize("hidden_s", [5, 600])
def test_hiding_counts_from_now_and_may_shorten_or_lengthen(queue: QueuePlace, hidden_s: int) -> None:
    queue.queues.send(queue.url, [HELLO])
    (message,) = received(queue)

    queue.queues.hide(queue.url, {message.receipt: timedelta(seconds=hidden_s)})

    queue.pass_time(timedelta(seconds=hidden_s - 1))
    assert received(queue) == []
    queue.pass_time(2 * SECOND)
    assert [one.body for one in received(queue)] == ["hello"]


def test_a_fraction_of_a_second_is_rounded_up(queue: QueuePlace) -> None:
    queue.queues.send(queue.url, [HELLO])
    (message,) = received(queue)

    queue.queues.hide(queue.url, {message.receipt: timedelta(milliseconds=1100)})

    queue.pass_time(timedelta(milliseconds=1500))
    assert received(queue) == []
    queue.pass_time(SECOND)
    assert len(received(queue)) == 1


def test_hiding_for_no_time_shows_the_message_at_once(queue: QueuePlace) -> None:
    queue.queues.send(queue.url, [HELLO])
    (message,) = received(queue)

    queue.queues.hide(queue.url, {message.receipt: timedelta()})

    queue.pass_time(timedelta(milliseconds=1))
    assert len(received(queue)) == 1


def test_hiding_what_is_not_there_changes_nothing(queue: QueuePlace) -> None:
    queue.queues.send(queue.url, [HELLO])

    queue.queues.hide(queue.url, {"no such receipt": timedelta(seconds=60)})

    assert len(received(queue)) == 1


def test_a_delayed_message_comes_when_its_delay_is_over(queue: QueuePlace) -> None:
    queue.queues.send(queue.url, [Message("late", {}, timedelta(seconds=30, milliseconds=1))])

    queue.pass_time(30 * SECOND)
    assert received(queue) == []
    queue.pass_time(2 * SECOND)
    assert [one.body for one in received(queue)] == ["late"]


def test_no_delay_is_longer_than_fifteen_minutes(queue: QueuePlace) -> None:
    queue.queues.send(queue.url, [Message("late", {}, timedelta(hours=3))])

    queue.pass_time(timedelta(minutes=15) + SECOND)

    assert len(received(queue)) == 1


def test_nothing_is_hidden_for_longer_than_sqs_allows(queue: QueuePlace) -> None:
    queue.queues.send(queue.url, [HELLO])
    (message,) = received(queue)

    queue.queues.hide(queue.url, {message.receipt: timedelta(days=30)})

    queue.pass_time(timedelta(hours=11))
    assert received(queue) == []
    queue.pass_time(timedelta(hours=1))
    assert len(received(queue)) == 1


# --- queues that keep an order -------------------------------------------------------------------


def keyed(body: str, group: str = "a", dedup: str | None = None) -> Message:
    return Message(body, {"task": body, "generation": "1"}, group=group, dedup=dedup or body)


def bodies(queue: QueuePlace) -> list[str]:
    return [received_of(record).body for record in queue.receive(queue.in_order)]


def test_a_group_comes_in_its_order_and_nothing_of_it_while_any_is_in_flight(queue: QueuePlace) -> None:
    queue.queues.send(queue.in_order, [keyed("a1"), keyed("b1", "b"), keyed("a2")])

    first = queue.receive(queue.in_order)
    assert [received_of(record).body for record in first if received_of(record).group == "a"] == ["a1", "a2"]
    queue.queues.send(queue.in_order, [keyed("a3"), keyed("b2", "b"), keyed("c1", "c")])

    assert bodies(queue) == ["c1"]


def test_a_head_that_is_hidden_blocks_its_group_and_no_other(queue: QueuePlace) -> None:
    queue.queues.send(queue.in_order, [keyed("a1"), keyed("a2"), keyed("b1", "b"), keyed("b2", "b")])
    records = {received_of(record).body: record for record in queue.receive(queue.in_order)}
    receipts = {body: record["receiptHandle"] for body, record in records.items()}
    queue.delete(queue.in_order, records["b1"])
    queue.queues.hide(queue.in_order, {receipts["a1"]: 30 * SECOND, receipts["a2"]: 0 * SECOND})
    queue.queues.hide(queue.in_order, {receipts["b2"]: 0 * SECOND})

    queue.pass_time(SECOND)
    assert bodies(queue) == ["b2"]
    queue.pass_time(30 * SECOND)
    assert bodies(queue) == ["a1", "a2"]


def test_a_repeated_send_is_one_message_and_a_delay_is_none(queue: QueuePlace) -> None:
    late = Message("a1", {}, delay=60 * SECOND, group="a", dedup="same")

    assert queue.queues.send(queue.in_order, [late]) == [True]
    assert queue.queues.send(queue.in_order, [late]) == [True]

    assert bodies(queue) == ["a1"]


def test_a_queue_without_order_takes_a_message_of_a_group_as_any_other(queue: QueuePlace) -> None:
    assert queue.queues.send(queue.url, [keyed("a1"), keyed("a1")]) == [True, True]

    assert [message.body for message in received(queue)] == ["a1", "a1"]
