"""A first spec for a data file. Read `examination` first, then `advice`; `text` makes the YAML.

A data file goes in, with the options of `gdcli optimum`; the text of a commented spec comes out.
"""
