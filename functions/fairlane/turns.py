"""`Turns` on the operating system's threads, and for a single one."""

import threading
from datetime import timedelta


class ThreadTurns:
    """A condition."""

    def __init__(self) -> None:
        self._condition = threading.Condition()

    def __enter__(self) -> None:
        self._condition.acquire()

    def __exit__(self, *_: object) -> None:
        self._condition.release()

    def wait(self, longest: timedelta) -> bool:
        """Until somebody tells."""
        self._condition.wait(max(0.0, longest.total_seconds()))
        return True

    def tell(self) -> None:
        """Wake all who wait."""
        self._condition.notify_all()


class NoTurns:
    """Where there is one thread: nobody would ever tell it."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def wait(self, longest: timedelta) -> bool:  # noqa: ARG002 - a port's signature
        """Nobody can wait."""
        return False

    def tell(self) -> None:
        """Nobody listens."""
