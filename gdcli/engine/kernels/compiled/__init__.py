"""The compiled kernel, by Numba, in three parts: the update rules, the order of the rows, the loop over both.

Nothing but this package imports Numba, and nothing imports this package before the compiled kernel is asked for.
"""
