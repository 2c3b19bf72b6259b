"""The compiled kernel, written for Numba, in four parts: update rules, the order of the rows, gradients, and the loop.

Only this package imports Numba, and it is imported only when the compiled kernel is used. Read `loop` first.
"""
