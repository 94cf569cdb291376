"""The controller's routes. The OpenAPI document is checked against this table."""

from fairlane.http import Route

ROUTES = (
    Route("GET", "/v1/tenants", "admin", "list_tenants"),
    Route("PUT", "/v1/tenants/{tenant}", "admin", "put_tenant"),
    Route("GET", "/v1/tenants/{tenant}", "admin", "get_tenant"),
    Route("DELETE", "/v1/tenants/{tenant}", "admin", "delete_tenant"),
    Route("GET", "/v1/tenants/{tenant}/keys", "admin", "list_keys"),
    Route("POST", "/v1/tenants/{tenant}/keys", "admin", "create_key"),
    Route("DELETE", "/v1/tenants/{tenant}/keys/{keyid}", "admin", "delete_key"),
    Route("GET", "/v1/functions", "manage", "list_functions"),
    Route("PUT", "/v1/functions/{type}", "manage", "put_function"),
    Route("GET", "/v1/functions/{type}", "manage", "get_function"),
    Route("DELETE", "/v1/functions/{type}", "manage", "delete_function"),
    Route("GET", "/v1/lanes", "manage", "list_lanes"),
    Route("PUT", "/v1/lanes/{lane}", "manage", "put_lane"),
    Route("GET", "/v1/lanes/{lane}", "manage", "get_lane"),
    Route("DELETE", "/v1/lanes/{lane}", "manage", "delete_lane"),
    Route("GET", "/v1/subscriptions", "manage", "list_subscriptions"),
    Route("PUT", "/v1/subscriptions/{name}", "manage", "put_subscription"),
    Route("GET", "/v1/subscriptions/{name}", "manage", "get_subscription"),
    Route("DELETE", "/v1/subscriptions/{name}", "manage", "delete_subscription"),
    Route("POST", "/v1/subscriptions/{name}/test", "manage", "test_subscription"),
    Route("POST", "/v1/subscriptions/{name}/rotate", "manage", "rotate_subscription"),
    Route("POST", "/v1/subscriptions/{name}/resume", "manage", "resume_subscription"),
    Route("GET", "/v1/deliveries", "manage", "list_deliveries"),
    Route("POST", "/v1/deliveries/redrive", "manage", "redrive_deliveries"),
)
