"""Data: a dataset and the columns of a spec become a design.

The input is a `Request`: a spec, and the places of its keys. The output is `Data` (rows in memory, or files that are
read in chunks) and a `Design`: the columns as numbers, factored, and kept in memory if a run needs its rows. Unusable
cells are reported as faults with their lines.

Read `design` first, then `loading` (which data a spec means) and `protocol` (what `Table` and `Stream` have in common).
"""
