"""The local stack: an emulator of AWS on this machine, with this checkout's template deployed to it by SAM.

    from fairlane_cli.stack import StackOptions, down, status, up

    deployed = up(StackOptions(state_dir=Path(...)), print)   # idempotent; raises StackError
    deployed.api_url, deployed.admin_key, deployed.functions["echo"], deployed.environment()
    down(StackOptions(state_dir=Path(...)), print)

Not here: the commands themselves (fairlane_cli.main) and what is done with a running stack.
"""

from fairlane_cli.stack.errors import StackError
from fairlane_cli.stack.lifecycle import StackStatus, deploy_beside, down, status, up
from fairlane_cli.stack.options import ROOT, Report, StackOptions
from fairlane_cli.stack.records import DeployedStack, EmulatorRecord

__all__ = [
    "ROOT",
    "DeployedStack",
    "EmulatorRecord",
    "Report",
    "StackError",
    "StackOptions",
    "StackStatus",
    "deploy_beside",
    "down",
    "status",
    "up",
]
