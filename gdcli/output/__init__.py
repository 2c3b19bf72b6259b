"""Output: result directories that are replaced as a whole or not at all. Read `directories`, then `places`."""
