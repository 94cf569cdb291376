"""API keys: made, listed, revoked. The secret is shown once and stored as a hash.

Two documents a key: one in the tenant's partition for listing, one by key id for authentication.
The second makes the key work, so it is written last and removed first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller import bodies
from controller.registry import Documents
from fairlane.auth import key_partition, new_key
from fairlane.domain import catalog
from fairlane.domain.errors import Refused
from fairlane.domain.times import rfc3339
from fairlane.events import event_time
from fairlane.http import PLATFORM
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock

#: Where the platform's own keys are listed (no tenant can have this name).
PLATFORM_KEYS = "#platform"
MOST_KEYS = 100


@dataclass(frozen=True)
class Keys:
    """The use case."""

    documents: Documents
    now: Clock

    def create(self, tenant: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new key of a tenant; the answer is the only one that shows it."""
        wanted = bodies.checked(bodies.KeyBody, body)
        owner = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if owner.doc["status"] == "draining":
            raise Refused("conflict", "This tenant is being deleted.")
        if sum(1 for _ in self.documents.each(tenant, "key#")) >= MOST_KEYS:
            raise Refused("conflict", f"A tenant may have {MOST_KEYS} keys: revoke one first.")
        wanted["scopes"] = sorted(set(wanted["scopes"]))
        wanted["expires_at"] = self._expiry(wanted["expires_at"])
        return self._make(tenant, tenant, wanted)

    def create_admin(self, label: str) -> dict[str, Any]:
        """A new platform key, for whoever may invoke the controller by IAM."""
        wanted = {"scopes": ["admin"], "label": label[:100], "expires_at": None}
        return self._make(PLATFORM_KEYS, PLATFORM, wanted)

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`, without secrets."""
        self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        return self.documents.page(tenant, "key#", parameters, shown)

    def delete(self, tenant: str, keyid: str) -> None:
        """Revoke. Raises Refused (404) for a key that is not this tenant's."""
        self.documents.get(tenant, catalog.key_item(keyid), f"key {keyid} of tenant {tenant}")
        self._revoke(tenant, keyid)

    def delete_all(self, tenant: str) -> None:
        """Revoke every key of a tenant."""
        for entry in list(self.documents.each(tenant, "key#")):
            self._revoke(tenant, entry.doc["keyid"])

    def _make(self, partition: str, tenant: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        key = new_key()
        listed = self.documents.save(partition, catalog.key_item(key.keyid), {**wanted, "keyid": key.keyid}, None)
        secret = {"tenant": tenant, "digest": key.digest, **wanted}
        self.documents.save(key_partition(key.keyid), "key", secret, None)
        return {"keyid": key.keyid, "key": key.text, **shown(listed)}

    def _revoke(self, partition: str, keyid: str) -> None:
        self.documents.delete(key_partition(keyid), "key")
        self.documents.delete(partition, catalog.key_item(keyid))

    def _expiry(self, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            at = event_time(text)
        except ValueError as error:
            raise bodies.refused("#/expires_at", str(error)) from error
        if at <= self.now():
            raise bodies.refused("#/expires_at", "lies in the past")
        return rfc3339(at)


def shown(entry: Entry) -> dict[str, Any]:
    """The key as the API lists it."""
    names = ("keyid", "scopes", "label", "created_at", "expires_at")
    return {name: entry.doc[name] for name in names}
