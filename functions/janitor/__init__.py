"""The janitor: comes back to what nobody else will. Scheduled each minute, and woken by messages."""
