"""Data: a dataset and the columns of a spec become a design.

The input is a `Request`: a spec, and the places of its keys. The output is `Data` (rows in memory, or files that are
read in chunks) and a `Design`: the columns as numbers, factored, and kept in memory if a run needs its rows. Unusable
cells are reported as faults with their lines.

A file is read again only if it has changed, or if a run needs what the earlier reading did not keep. Three places
keep something. `sources` keeps the last two small files as tables, and the last two streams of large files, by path,
size and time of change, until the process ends. `design` keeps the designs of a stream as long as the stream; with
other columns, or where rows or a factor are needed that it lacks, the file is read again. A `Planner` keeps data and
scaled rows for the plans of one command, and joins their needs first, so that one reading serves all of them.

Read `design` first, then `loading` (which data a spec means) and `protocol` (what `Table` and `Stream` have in common).
"""
