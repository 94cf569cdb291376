"""The noisy neighbour: what tenants B to E wait alone, and beside tenant A who floods.

`scenarios` says what A does, `tenancy` makes the tenants, `load` submits, `blocks` measures a stretch of time,
`runs` puts stretches together, `results` judges them, `table` and `plot` show them.
"""
