"""Output: directories that are replaced whole or not at all. Read `directories`, then `places`."""
