"""Webhooks: signed, posted, tried again, given up.

A message is deleted when its endpoint has taken the event (2xx), or when the delivery has been given up
and kept as failed; until then it comes again. What if it stops in between: after the post, the same event
is posted again with the same id; after `give_up`, it is kept again under the same id. So at least once.

A dead endpoint costs its neighbours of the same tenant little: the posts of a batch run at once with a
short time limit, and an endpoint that has failed some times in a row rests, then has to take one post
before the others follow. Other tenants have queues of their own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from deliverer.posting import Posted, Posting, Webhook, webhook_of
from deliverer.stopping import stopped_entry
from deliverer.tally import Measure, Tally
from fairlane.cache import CachedRegistry
from fairlane.deliveries import DeliveryStore, Submitter
from fairlane.domain import catalog
from fairlane.domain.chaining import MOST_HOPS, chained_event, hops_of
from fairlane.domain.delivery import GIVE_UP_AFTER, Endpoint, Stopped, pause
from fairlane.domain.errors import Refused
from fairlane.domain.signing import Secrets, signed_headers
from fairlane.events import event_time
from fairlane.ports.bus import ResultsBus
from fairlane.ports.queues import Queues
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.web import Web
from fairlane.received import Received, bury

TIMEOUT = timedelta(seconds=15)
#: Nothing in an answer matters but its status.
ANSWER_LIMIT = 64 * 1024
HEADERS = {"Content-Type": "application/cloudevents+json", "User-Agent": "Fairlane-Webhooks/1"}
#: A message may come before its subscription's document, when the controller died in between.
UNKNOWN_FOR, UNKNOWN_PAUSE = timedelta(minutes=15), timedelta(seconds=30)
#: How long those wait whose endpoint has to take another post first.
PROBE_PAUSE = timedelta(seconds=5)


@dataclass
class _Batch:
    """What stays in the queue, and for how long it is hidden."""

    failed: list[Received] = field(default_factory=list)
    pauses: dict[str, dict[str, timedelta]] = field(default_factory=dict)

    def stay(self, webhook: Webhook, pause_for: timedelta | None = None) -> None:
        self.failed.append(webhook.message)
        if pause_for is not None and not webhook.message.was_redriven:
            self.pauses.setdefault(webhook.owner.queue_url, {})[webhook.message.receipt] = pause_for


@dataclass
class _Group:
    """The messages of one subscription that are posted now."""

    post: Callable[[Webhook], Posted]
    endpoint: Endpoint
    ready: Sequence[Webhook]
    tally: Tally
    posted: list[tuple[Webhook, Posted]] = field(default_factory=list)


@dataclass(frozen=True)
class Webhooks:
    """The use case. `random` gives 0 <= x < 1."""

    web: Web
    gateway: Submitter
    queues: Queues
    registry: CachedRegistry
    deliveries: DeliveryStore
    bus: ResultsBus
    parallel: Parallel
    now: Clock
    random: Callable[[], float]
    measure: Measure
    logger: Logger
    dead_letters_url: str

    def __call__(self, postings: Sequence[Posting]) -> list[Received]:
        """The messages that must stay."""
        batch = _Batch()
        groups: list[_Group] = []
        for webhooks in self._by_subscription(postings, batch):
            with self._coming_again(webhooks, batch):
                groups += self._admitted(webhooks, batch)
        self._post_all(groups)
        for group in groups:
            with self._coming_again(group.ready, batch):
                self._settle(group, batch)
            self.measure(group.tally)
        for url, receipts in batch.pauses.items():
            self.queues.hide(url, receipts)
        return list({message.message_id: message for message in batch.failed}.values())

    def _by_subscription(self, postings: Sequence[Posting], batch: _Batch) -> list[list[Webhook]]:
        found: dict[tuple[str, str], list[Webhook]] = {}
        for posting in postings:
            try:
                webhook = webhook_of(posting)
            except Refused as refused:
                if not bury(posting.message, refused.detail, self.queues, self.dead_letters_url):
                    batch.failed.append(posting.message)
                continue
            found.setdefault(webhook.key, []).append(webhook)
        return list(found.values())

    @contextmanager
    def _coming_again(self, webhooks: Sequence[Webhook], batch: _Batch) -> Iterator[None]:
        """When a backend does not answer these come again, and their neighbours go on."""
        try:
            yield
        except Exception:
            self.logger.exception("not delivered", extra={"action": "webhook_not_settled"})
            for webhook in webhooks:
                batch.stay(webhook)

    # --- before posting -----------------------------------------------------------------------

    def _admitted(self, webhooks: Sequence[Webhook], batch: _Batch) -> list[_Group]:
        """What may be posted now: one group, or none. Everything else is hidden or given up here."""
        tenant, name = webhooks[0].key
        post = self._way(tenant, name)
        if post is None:
            self._put_off_unknown(webhooks, batch)
            return []
        endpoint, tally, now = self.deliveries.endpoint(tenant, name), Tally(tenant, name), self.now()
        ready: list[Webhook] = []
        for webhook in webhooks:
            if endpoint.stopped is not None:
                self._give_up(webhook, f"{endpoint.stopped.value}: {endpoint.reason}", tally)
            elif endpoint.rests(now) and now - webhook.message.sent_at >= GIVE_UP_AFTER:
                self._give_up(webhook, endpoint.reason, tally)
            elif endpoint.rests_until is not None and endpoint.rests(now):
                batch.stay(webhook, endpoint.rests_until - now + PROBE_PAUSE * self.random())
            elif endpoint.probes and ready:
                batch.stay(webhook, PROBE_PAUSE * (1 + self.random()))
            else:
                ready.append(webhook)
        return [_Group(post, endpoint, ready, tally)]

    def _way(self, tenant: str, name: str) -> Callable[[Webhook], Posted] | None:
        """How the subscription's events go out; None when it takes none (any more)."""
        subscription = self.registry.get(tenant, catalog.subscription_item(name))
        target = subscription.doc["target"] if subscription else {}
        if "task" in target:
            return partial(self._chain, target["task"])
        secrets = self.registry.get(tenant, catalog.webhook_item(name)) if "webhook" in target else None
        return partial(self._sign_and_post, target["webhook"]["url"], Secrets.of(secrets.doc)) if secrets else None

    def _put_off_unknown(self, webhooks: Sequence[Webhook], batch: _Batch) -> None:
        """A subscription that is not (yet, or any more) there, or is no webhook any more."""
        for webhook in webhooks:
            if self.now() - webhook.message.sent_at < UNKNOWN_FOR:
                batch.stay(webhook, UNKNOWN_PAUSE)
            else:
                self._log(webhook, "webhook_without_subscription", "deleted, or no webhook any more")

    # --- posting ------------------------------------------------------------------------------

    def _post_all(self, groups: Sequence[_Group]) -> None:
        ready = [(group, webhook) for group in groups for webhook in group.ready]
        if not ready:
            return
        for outcomes in self.parallel(self._post, ready):
            for index, posted in outcomes:
                group, webhook = ready[index]
                group.posted.append((webhook, posted))

    def _post(self, item: tuple[_Group, Webhook]) -> Posted:
        """Never raises: a neighbour's post may have gone well."""
        group, webhook = item
        try:
            return group.post(webhook)
        except Exception as error:
            self.logger.exception("not posted", extra={"action": "webhook_not_posted", "webhook": webhook.key})
            return Posted(f"not posted: {type(error).__name__}")

    def _sign_and_post(self, url: str, secrets: Secrets, webhook: Webhook) -> Posted:
        body, now = webhook.body, self.now()
        signed = signed_headers(secrets.live(now), webhook.event_id, now, body)
        return Posted.of(self.web.post(url, body, HEADERS | signed, timeout=TIMEOUT, answer_limit=ANSWER_LIMIT))

    def _chain(self, target: Mapping[str, Any], webhook: Webhook) -> Posted:
        """Submit the next task, unless the chain is too long."""
        if hops_of(webhook.event) >= MOST_HOPS:
            return Posted(f"the chain has {MOST_HOPS} tasks", is_final=True)
        event = chained_event(
            webhook.event, tenant=webhook.owner.tenant, subscription=webhook.subscription, target=target
        )
        return Posted.of(self.gateway.submit(webhook.owner.tenant, event))

    # --- afterwards ---------------------------------------------------------------------------

    def _settle(self, group: _Group, batch: _Batch) -> None:
        if not group.posted:
            return
        now = self.now()
        endpoint = self._noted(group, now)
        for webhook, posted in group.posted:
            if not posted.error:
                self._took(webhook, group.tally, now)
                continue
            group.tally.failed_posts += 1
            self._log(webhook, "webhook_failed", posted.error)
            wait = pause(webhook.message.receive_count, self.random, posted.wait)
            too_late = now + wait - webhook.message.sent_at > GIVE_UP_AFTER
            if endpoint.stopped is not None or too_late or posted.is_final:
                self._give_up(webhook, posted.error, group.tally)
            else:
                batch.stay(webhook, wait)

    def _noted(self, group: _Group, now: datetime) -> Endpoint:
        """The endpoint after these posts; written when it has changed."""
        before, failures = group.endpoint, [posted for _, posted in group.posted if posted.error]
        wait = max((posted.wait for posted in failures if posted.wait is not None), default=None)
        if len(failures) < len(group.posted) or all(posted.is_final for posted in failures):
            after = Endpoint(rests_until=now + wait if wait else None)
        else:
            after = before.after_failures(len(failures), reason=failures[-1].error, wait=wait, now=now)
        if any(posted.is_gone for posted in failures):
            after = replace(after, stopped=Stopped.DISABLED, reason="the endpoint answered 410 (Gone)")
        elif after.must_pause(now):
            after = replace(after, stopped=Stopped.PAUSED)
        if after.stopped is not None:
            self._tell(group, after, now)
        if after != before:
            self.deliveries.note_endpoint(group.tally.tenant, group.tally.subscription, after)
        return after

    def _tell(self, group: _Group, endpoint: Endpoint, now: datetime) -> None:
        """Before the stop is written: a second telling has the same id. Raises when the bus does not take it."""
        tenant, name = group.tally.tenant, group.tally.subscription
        [code] = self.bus.publish([stopped_entry(tenant, name, endpoint, now)])
        if code is not None:
            raise RuntimeError(code)

    def _took(self, webhook: Webhook, tally: Tally, now: datetime) -> None:
        if webhook.is_redriven:
            self.deliveries.delivered(webhook.given_up("", now))
        tally.took(event_time(webhook.event["time"]), now)
        self._log(webhook, "webhook_delivered", "")

    def _give_up(self, webhook: Webhook, error: str, tally: Tally) -> None:
        self.deliveries.give_up(webhook.given_up(error, self.now()), webhook.body.decode())
        tally.given_up += 1
        self._log(webhook, "webhook_given_up", error)

    def _log(self, webhook: Webhook, action: str, error: str) -> None:
        about: dict[str, object] = {"action": action, "tenant": webhook.owner.tenant}
        about["subscription"] = webhook.subscription
        about |= {"event": webhook.event_id, "attempt": webhook.message.receive_count, "error": error}
        self.logger.info("webhook", extra=about)
