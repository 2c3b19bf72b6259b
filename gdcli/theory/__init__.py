"""Theory: what is known of a run before it starts.

In comes a problem of the engine, `LeastSquares`, and an optimizer's settings; out come its curvatures, the learning
rates that are stable, the course of full-batch descent and the rates that are best. Nothing here knows a data file or
a run.

Read `spectrum` first, then `stability`, then `modes`.
"""
