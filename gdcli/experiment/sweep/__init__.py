"""Sweeps: a grid of settings is planned, run in lockstep, and written down. Read `plan`, then `run`.

`lockstep` puts runs into groups; `pools` and `workers` run groups side by side.
"""
