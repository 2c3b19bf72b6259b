"""Files of results: those of a comparison, reports of checks, and plans that can be moved elsewhere with their data."""
