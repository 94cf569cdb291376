"""The processes that belong to one local stack: the emulator and the functions' workers that it starts.

They are known by a mark in their environment, which is inherited: neither a lost record, nor a reused process id,
nor a worker that outlived its emulator matters then. Nothing else is ever touched.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "FAIRLANE_LOCAL_STACK"
#: Nothing is lost by killing: all state is in memory. Asking lets functions end their calls.
ASKING_S = 1
KILLING_S = 10


def mark(state_dir: Path) -> dict[str, str]:
    """To be in the environment of what is started for the stack of `state_dir`."""
    return {MARK: str(state_dir)}


def is_marked(process: psutil.Process, state_dir: Path) -> bool:
    """Whether it lives and belongs to the stack of `state_dir`."""
    try:
        return process.environ().get(MARK) == str(state_dir)
    except (psutil.Error, OSError):
        return False  # gone, a zombie, or somebody else's


def marked(state_dir: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if is_marked(process, state_dir)]


def stop(state_dir: Path) -> bool:
    """End them all, asking first. Tells whether there was any; none is left afterwards."""
    found = marked(state_dir)
    own = {process.pid for process in found}
    # the emulator first: it ends its workers itself, and starts no new ones meanwhile
    roots = [process for process in found if _parent(process) not in own]
    _end(roots, psutil.Process.terminate, ASKING_S)
    while left := marked(state_dir):
        _end(left, psutil.Process.kill, KILLING_S)
    return bool(found)


def _end(processes: list[psutil.Process], how: Callable[[psutil.Process], None], patience_s: float) -> None:
    for process in processes:
        with suppress(psutil.Error):
            how(process)
    psutil.wait_procs(processes, timeout=patience_s)


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None
