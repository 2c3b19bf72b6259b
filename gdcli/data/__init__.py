"""Data: a dataset and the columns of a spec become a design.

In comes a `Request` (a spec and where its keys stand); out come `Data` (rows in memory, or files that are read in
chunks) and a `Design`: the columns as numbers, factored, and kept if a run needs its rows. A cell that cannot serve is
a fault with its line.

Read `design` first, then `loading` (which data a spec means) and `protocol` (what `Table` and `Stream` have in common).
"""
