"""Kernels: what steps through epochs. `choice` picks one, `plain` is NumPy's, `compiled` is Numba's."""
