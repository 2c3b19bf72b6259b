"""Sweeps: a grid of settings is planned, run in lockstep and saved. Read `plan` first, then `run`.

`lockstep` puts runs into groups; `pools` and `workers` run the groups in parallel.
"""
