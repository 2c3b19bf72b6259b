"""Problems: what is minimised. `base` is the protocol that the loop knows, `least_squares` implements it."""
