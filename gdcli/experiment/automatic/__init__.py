"""Settings that a spec leaves to theory: their numbers follow from the data, at planning.

In comes a spec with `lr: auto`, `momentum: auto` or `schedule: optimal`, its rows and its start; out come the optimizer
with its numbers and the rates of the run. Read `optimizer` first, then `full_batch` and `mini_batches`.
"""
