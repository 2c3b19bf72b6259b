"""A spec and a data file become a result, and a result becomes files."""
