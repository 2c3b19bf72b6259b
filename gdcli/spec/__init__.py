"""Specs: YAML text becomes a `Spec`; no data file is opened.

The input is the path of a YAML file, or a mapping with the same keys. The output is a `Request`: the `Spec` with every
default written out, its faults, and the places of its keys.

Read `model` (what a spec holds) first, then `draft` and `validate`.
"""
