"""The gateway's routes. The OpenAPI document is checked against this table."""

from fairlane.http import Route

ROUTES = (
    Route("POST", "/v1/tasks", "submit", "submit"),
    Route("GET", "/v1/tasks", "read", "list_tasks"),
    Route("GET", "/v1/tasks/{id}", "read", "show_task"),
    Route("GET", "/v1/tasks/{id}/explain", "read", "explain_task"),
    Route("GET", "/v1/usage", "manage", "show_usage"),
    Route("POST", "/v1/tasks/{id}/cancel", "manage", "cancel_task"),
    Route("POST", "/v1/tasks/{id}/redo", "manage", "redo_task"),
    Route("POST", "/v1/tasks/bulk", "manage", "start_operation"),
    Route("GET", "/v1/operations/{id}", "read", "show_operation"),
    Route("POST", "/v1/operations/{id}/cancel", "manage", "cancel_operation"),
    Route("POST", "/v1/tasks/{id}/complete", None, "complete_task"),
    Route("POST", "/v1/tasks/{id}/fail", None, "fail_task"),
    Route("POST", "/v1/tasks/{id}/heartbeat", None, "heartbeat_task"),
    Route("GET", "/v1/health", None, "health"),
    Route("GET", "/v1/openapi.json", None, "openapi"),
)
