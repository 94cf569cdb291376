# ruff: noqa: INP001 - no package: Python looks for a module of this name
"""Read by the emulator's Python as it starts (the bench puts this directory into its PYTHONPATH), and by no other.

MiniStack has one poller for all queues. When a message arrives in a queue that has all the batches it may have, the
poller finds nothing to do and then looks at no queue for 50 ms. AWS has pollers for each queue, so a full lane there
does not delay the others; without this, the bench would measure the emulator's pause.
"""

import sys

if "ministack" in sys.orig_argv[1:3]:
    from ministack.services import lambda_svc  # type: ignore[import-not-found] # of another environment

    if not hasattr(lambda_svc, "_ESM_IDLE_WAKE_GAP_SECONDS"):
        raise ImportError("this MiniStack names its poller's pause otherwise: see what the bench needs of it")
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0  # noqa: SLF001 - there is no setting for it
