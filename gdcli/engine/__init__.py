"""The mathematics of gradient descent on linear least squares: NumPy in, NumPy out.

Nothing in here knows a path, YAML, pandas, a terminal or a clock.
"""
