"""Dying at each AWS call of an operation: what the tests of crashes share."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest

from tests.moto.calls import AFTER, BEFORE, Point, When
from tests.moto.mappings import LIST
from tests.moto.world import World

GET, PUT, REMOVE, QUERY = "dynamodb.GetItem", "dynamodb.PutItem", "dynamodb.DeleteItem", "dynamodb.Query"
MAKE, LOOK, CHANGE = "sqs.CreateQueue", "sqs.GetQueueAttributes", "sqs.SetQueueAttributes"
FIND, DROP = "sqs.GetQueueUrl", "sqs.DeleteQueue"
RULE, TARGETS = "eventbridge.PutRule", "eventbridge.PutTargets"
LIST_TARGETS = "eventbridge.ListTargetsByRule"
NO_TARGETS, NO_RULE = "eventbridge.RemoveTargets", "eventbridge.DeleteRule"
TIMEOUT = "lambda.GetFunctionConfiguration"

READS = (GET, QUERY, LOOK, FIND, LIST, LIST_TARGETS, TIMEOUT)
_WHEN: tuple[When, When] = (BEFORE, AFTER)


def each_point(calls: Sequence[str]) -> pytest.MarkDecorator:
    """A case for each call of a list that changes something, before and after.

    To die at a read is to die after the write before it.
    """
    points = [
        pytest.param(Point("controller", name, when, calls[: n + 1].count(name)), id=f"{when}-{n}-{name}")
        for (n, name), when in product(enumerate(calls), _WHEN)
        if name not in READS
    ]
    return pytest.mark.parametrize("point", points)


def trace(world: World, operation: Callable[[], Any]) -> list[str]:
    """The controller's calls of an operation."""
    world.calls.made.clear()
    operation()
    return world.calls.names("controller")
