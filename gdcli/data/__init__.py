"""Data: a dataset and the columns of a spec become a design. Read `loading`, then `design`."""
