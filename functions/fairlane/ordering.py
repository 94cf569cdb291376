"""Ordered lanes: which queues are, and which message group a task belongs to.

Within a group SQS hands out nothing while a message of it is in flight, so a head that has not ended blocks its own
group and no other.
"""

from hashlib import blake2b


def is_ordered(queue: str) -> bool:
    """Whether the queue (its URL or ARN) keeps an order."""
    return queue.endswith(".fifo")


def message_group(tenant: str, lane: str, key: str) -> str:
    """The group of a `partitionkey`: SQS allows fewer characters than events do."""
    text = f"{tenant}\n{lane}\n{key}"  # neither a tenant nor a lane has a line break in its name
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
