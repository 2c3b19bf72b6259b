"""Output: directories that are replaced whole or not at all, and what of a plan goes into them.

Read `directories`, then `places`; `portable` writes a plan so that it can be moved elsewhere.
"""
