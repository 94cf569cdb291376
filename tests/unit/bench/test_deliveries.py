"""What a subscription got is compared with what was submitted."""

from bench.deliveries import Count, Inbox


def an_inbox(*batches: list[str]) -> Inbox:
    left = list(batches)
    inbox = Inbox("queue", lambda: left.pop(0))
    for _ in batches:
        inbox.update()
    return inbox


def counted(inbox: Inbox, *expected: str) -> Count:
    return inbox.count(set(expected), began=0)


def test_everything_once_is_complete() -> None:
    count = counted(an_inbox(["a"], [], ["b", "c"]), "a", "b", "c")

    assert count.is_complete
    assert (count.expected, count.missing, count.duplicates, count.strangers) == (3, 0, 0, 0)
    assert count.took_s > 0


def test_what_is_missing_or_came_twice_or_was_never_submitted_is_counted_apart() -> None:
    count = counted(an_inbox(["a", "a"], ["a", "x"]), "a", "b", "c")

    assert not count.is_complete
    assert (count.missing, count.duplicates, count.strangers) == (2, 2, 1)


def test_duplicates_alone_are_allowed() -> None:
    assert counted(an_inbox(["a", "a"]), "a").is_complete
