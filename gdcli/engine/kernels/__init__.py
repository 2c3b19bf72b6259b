"""Kernels step through epochs: `plain` with NumPy, `compiled` with Numba; `choice` picks one."""
