"""Problems: what the loop needs to know of a loss. Least squares is known by its factor."""
