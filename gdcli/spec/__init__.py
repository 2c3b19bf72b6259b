"""Specs: YAML text becomes a `Spec`; no data file is opened. Read `draft`, then `validate`."""
