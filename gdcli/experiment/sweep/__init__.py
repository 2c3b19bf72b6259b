"""Sweeps: a grid of settings is planned, run in lockstep, and written down. Read `plan`, then `run`."""
