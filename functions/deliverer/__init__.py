"""The deliverer: takes result events from results queues to the results bus."""
