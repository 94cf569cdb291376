"""`python -m bench`."""

from bench.commands import app

app(prog_name="python -m bench")
