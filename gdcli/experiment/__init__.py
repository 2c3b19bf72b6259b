"""Experiments: specs and their data become plans, plans become results, results become files.

A `Request` goes in. A complete `Plan` comes out and, after its run, a `Result`. Everything that follows from the data
is in one `Rows` object, shared by all runs on the same rows. `output` writes results; `sweep` runs grids of settings.

Read `planner` first (specs become plans), then `plan`, `rows`, `execute` and `result`.
"""
