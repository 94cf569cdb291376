"""What the control plane accepts: the bodies of PUT and POST, with a limit on everything.

Read-only fields of what GET shows may be sent back; they are left out before the check.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from fairlane.auth import SCOPES
from fairlane.domain.catalog import DEFAULT_LANE, LARGEST_PAYLOAD_BYTES, LONGEST_DEFERRED_S
from fairlane.domain.delivery import DELIVERY_ID
from fairlane.domain.endpoints import LONGEST_URL
from fairlane.domain.errors import FieldError, Refused
from fairlane.domain.names import NAME, TASK_ID, TASK_TYPE
from fairlane.domain.retry import LONGEST_BACKOFF_S

#: Of every kind; a schema may add its own as `READ_ONLY`.
READ_ONLY = frozenset({"status", "created_at", "updated_at", "not_enforced", "paused", "paused_at"})
LARGE = 1_000_000
_POSITIVE = validate.Range(min=0, min_inclusive=False, max=LARGE)
_COUNT = validate.Range(min=1, max=LARGE)
_TEXT = validate.Length(min=1, max=256)


class Number(fields.Float):
    """A JSON number: neither its text nor a Boolean."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Truth(fields.Boolean):
    """A JSON Boolean: neither 1 nor "true"."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Limits(Schema):
    """A tenant's limits; null is no limit."""

    submit_rate = Number(allow_none=True, validate=_POSITIVE)
    submit_burst = fields.Integer(allow_none=True, strict=True, validate=_COUNT)
    backlog = fields.Integer(allow_none=True, strict=True, validate=validate.Range(min=1, max=1_000_000_000))
    concurrency = fields.Integer(allow_none=True, strict=True, validate=_COUNT)
    payload_bytes = fields.Integer(
        allow_none=True, strict=True, validate=validate.Range(min=1, max=LARGEST_PAYLOAD_BYTES)
    )


class TenantBody(Schema):
    """PUT /v1/tenants/{tenant}."""

    READ_ONLY = frozenset({"tenant"})

    isolation = fields.String(load_default="dedicated", validate=validate.OneOf(["dedicated", "pooled"]))
    limits = fields.Nested(Limits(unknown=RAISE), load_default=dict)
    targets = fields.List(fields.String(validate=_TEXT), load_default=list, validate=validate.Length(max=100))
    retention_days = fields.Integer(load_default=30, strict=True, validate=validate.Range(min=15, max=365))


class KeyBody(Schema):
    """POST /v1/tenants/{tenant}/keys."""

    scopes = fields.List(
        fields.String(validate=validate.OneOf([scope for scope in SCOPES if scope != "admin"])),
        required=True,
        validate=validate.Length(min=1, max=3),
    )
    label = fields.String(load_default="", validate=validate.Length(max=100))
    expires_at = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))


class Retry(Schema):
    """How a function's failed attempts are tried again."""

    max_attempts = fields.Integer(load_default=3, strict=True, validate=validate.Range(min=1, max=100))
    base = Number(load_default=1.0, validate=validate.Range(min=0, max=LONGEST_BACKOFF_S))
    cap = Number(load_default=60.0, validate=validate.Range(min=0, max=LONGEST_BACKOFF_S))
    non_retryable = fields.List(
        fields.String(validate=validate.Length(min=1, max=128)),
        load_default=list,
        validate=validate.Length(max=50),
    )


class HttpTarget(Schema):
    """An endpoint that is sent the event."""

    url = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_URL))


class Target(Schema):
    """What runs a task type: exactly one kind."""

    lambda_ = fields.String(data_key="lambda", validate=_TEXT)
    http = fields.Nested(HttpTarget(unknown=RAISE))
    state_machine = fields.String(validate=_TEXT)

    @validates_schema
    def _exactly_one(self, data: Mapping[str, Any], **_: object) -> None:
        if len(data) != 1:
            raise ValidationError("must name exactly one of lambda, http and state_machine")


class FunctionBody(Schema):
    """PUT /v1/functions/{type}."""

    READ_ONLY = frozenset({"pressure", "running", "type"})

    target = fields.Nested(Target(unknown=RAISE), required=True)
    #: Where nothing is said: what the target can do.
    mode = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["sync", "deferred"]))
    timeout = Number(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, min_inclusive=False, max=LONGEST_DEFERRED_S),
    )
    heartbeat_timeout = Number(
        load_default=None, allow_none=True, validate=validate.Range(min=1, max=LONGEST_DEFERRED_S)
    )
    retry = fields.Nested(Retry(unknown=RAISE), load_default=lambda: Retry().load({}))
    lane = fields.String(load_default=DEFAULT_LANE, validate=validate.Regexp(f"^(?:{NAME.pattern})$"))
    concurrency = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_COUNT)
    retain = Truth(load_default=False)


class LaneBody(Schema):
    """PUT /v1/lanes/{lane}."""

    READ_ONLY = frozenset({"lane", "paused_by", "depth", "running", "oldest_age"})

    concurrency = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_COUNT)
    rate = Number(load_default=None, allow_none=True, validate=_POSITIVE)
    burst = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_COUNT)
    ordered = Truth(load_default=False)
    weight = Number(load_default=1.0, validate=_POSITIVE)


class Webhook(Schema):
    """A URL that results are posted to."""

    url = fields.String(required=True, validate=validate.Length(min=1, max=2_048))


class ChainedTask(Schema):
    """A task that results submit."""

    type = fields.String(required=True, validate=validate.Regexp(f"^(?:{TASK_TYPE.pattern})$"))
    lane = fields.String(validate=validate.Regexp(f"^(?:{NAME.pattern})$"))


class SubscriptionTarget(Schema):
    """Where results go: exactly one kind."""

    sqs = fields.String(validate=_TEXT)
    lambda_ = fields.String(data_key="lambda", validate=_TEXT)
    event_bus = fields.String(validate=_TEXT)
    webhook = fields.Nested(Webhook(unknown=RAISE))
    task = fields.Nested(ChainedTask(unknown=RAISE))

    @validates_schema
    def _exactly_one(self, data: Mapping[str, Any], **_: object) -> None:
        if len(data) != 1:
            raise ValidationError("must name exactly one of sqs, lambda, event_bus, webhook and task")


class SubscriptionBody(Schema):
    """PUT /v1/subscriptions/{name}."""

    READ_ONLY = frozenset({"name", "rule_arn", "reason", "secret", "previous_secret_until"})

    pattern = fields.Dict(keys=fields.String(), load_default=dict)
    target = fields.Nested(SubscriptionTarget(unknown=RAISE), required=True)


class RedriveFilter(Schema):
    """Which failed deliveries are sent again."""

    subscription = fields.String(load_default=None, validate=validate.Regexp(f"^(?:{NAME.pattern})$"))
    task = fields.String(load_default=None, validate=validate.Regexp(f"^(?:{TASK_ID.pattern})$"))


class RedriveBody(Schema):
    """POST /v1/deliveries/redrive: certain ones, those of a filter, or all that failed."""

    ids = fields.List(
        fields.String(validate=validate.Regexp(f"^(?:{DELIVERY_ID.pattern})$")),
        load_default=None,
        validate=validate.Length(min=1, max=100),
    )
    filter = fields.Nested(RedriveFilter(unknown=RAISE), load_default=lambda: RedriveFilter().load({}))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(f"^(?:{DELIVERY_ID.pattern})$"))


def checked(schema: type[Schema], body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with defaults. Raises Refused (422) that names every wrong field."""
    read_only = READ_ONLY | getattr(schema, "READ_ONLY", frozenset())
    sent = {name: value for name, value in body.items() if name not in read_only}
    try:
        loaded: dict[str, Any] = schema(unknown=RAISE).load(sent)
    except ValidationError as error:
        errors = tuple(_field_errors(error.messages, "#"))
        raise Refused("refused", f"{errors[0].pointer}: {errors[0].detail}", errors) from error
    return loaded


def not_available(pointer: str, what: str) -> Refused:
    """A field of the API that this version does not serve yet."""
    return refused(pointer, f"{what} is not available in this version")


def refused(pointer: str, detail: str) -> Refused:
    """422 for one field."""
    return Refused("refused", f"{pointer} {detail}.", (FieldError(pointer, detail),))


def _field_errors(messages: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from _field_errors(inner, pointer if name == "_schema" else f"{pointer}/{name}")
    else:
        yield FieldError(pointer, " ".join(str(message) for message in messages))
