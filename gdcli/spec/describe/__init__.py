"""Descriptions of what a spec may hold, from the dataclasses: for the reference, `gdcli list` and editors.

Read `words` (types, bounds and defaults in words) first, then `kinds` and `schema`.
"""
