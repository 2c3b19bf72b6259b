"""Theory: what is known of a run before it starts.

In comes a problem of the engine, `LeastSquares`, and an optimizer's settings; out come its curvatures and the learning
rates that are stable. Nothing here knows a data file or a run.

Read `spectrum` first, then `stability`; for mini-batches `moments`, then `noise`, `reshuffling` and `fixed_order`.
"""
