"""The command line `fairlane`, a client of the HTTP API; in `stack` and `demo` also of AWS. Nothing of the service."""
