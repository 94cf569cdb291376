"""MiniStack, the emulator that comes with the checkout: how it is started as a process."""

from pathlib import Path

from fairlane_cli.stack.options import ROOT, Report, StateDirectory

HOST = "127.0.0.1"


class MiniStack:
    """`Emulator` from PyPI, in an environment of its own; up in a fifth of a second."""

    name = "ministack"
    title = "MiniStack"
    health = "/_ministack/health"
    port_taken = "already in use"
    start_s = 30

    def command(self) -> list[str | Path]:
        """Runs in the foreground."""
        return [interpreter(), "-m", "ministack"]

    def set_up(self, state: StateDirectory, report: Report) -> None:
        """Nothing to do: `set_up_tools` has installed it."""

    def environment(self, state: StateDirectory, port: int) -> dict[str, str]:
        """What it needs besides what every process of a stack gets."""
        return {
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "LOG_LEVEL": "WARNING",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            # it would look for containers of its own and remove them
            "DOCKER_HOST": f"unix://{state.temporary}/no-docker",
        }


def interpreter() -> Path:
    """The Python that the emulator runs on, and that runs the functions in it."""
    return ROOT / ".tools" / "ministack" / "bin" / "python"
