"""Keys of tenants that `--save` and `--save-key` keep, so that later commands need not be given one.

They are kept by the address of the API they are for, and are never sent to another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairlane_cli.failures import CliError, ExitCode

_OWNER_ONLY = 0o600


@dataclass(frozen=True)
class SavedKey:
    keyid: str
    key: str


class SavedKeys:
    """The keys for one API, in a file that only its owner can read."""

    def __init__(self, file: Path, api_url: str) -> None:
        self.file = file
        self._api_url = api_url

    def by_tenant(self) -> Mapping[str, SavedKey]:
        found = self._read().get(self._api_url, {})
        try:
            return {tenant: SavedKey(entry["keyid"], entry["key"]) for tenant, entry in sorted(found.items())}
        except (AttributeError, KeyError, TypeError) as error:
            raise self._unreadable("it has something else than keys") from error

    def save(self, tenant: str, saved: SavedKey) -> None:
        every = self._read()
        every.setdefault(self._api_url, {})[tenant] = {"keyid": saved.keyid, "key": saved.key}
        self._write(every)

    def forget(self, tenant: str, keyid: str | None = None) -> bool:
        """Forget the tenant's key, if it is that one; tells whether there was any."""
        saved = self.by_tenant().get(tenant)
        if saved is None or keyid not in {None, saved.keyid}:
            return False
        every = self._read()
        del every[self._api_url][tenant]
        self._write(every)
        return True

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            every = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._unreadable(str(error)) from error
        if not isinstance(every, dict):
            raise self._unreadable("it is no JSON object")
        return every

    def _write(self, every: Mapping[str, object]) -> None:
        """Replace the file at once, so that a reader never sees half of it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        beside = self.file.with_suffix(".part")
        beside.unlink(missing_ok=True)
        beside.touch(mode=_OWNER_ONLY)
        beside.write_text(json.dumps(every, indent=2) + "\n", encoding="utf-8")
        beside.replace(self.file)

    def _unreadable(self, why: str) -> CliError:
        message = f"The saved keys in {self.file} cannot be read: {why}."
        return CliError(message, "Move that file away and save the keys again.", code=ExitCode.NOT_SET_UP)
