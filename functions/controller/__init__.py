"""The controller: tenants, keys, functions, lanes, subscriptions. It alone makes queues, mappings and rules."""
