"""Experiments: specs and their data become plans, plans become results, results become files.

In comes a `Request`; out comes a `Plan`, complete when it is made, and after its run a `Result`. What the data decide
is one `Rows` object, shared by all runs on the same rows. `output` writes results; `sweep` runs grids of settings.

Read `plan` first, then `rows`, `execute` and `result`; `planner` plans many runs.
"""
