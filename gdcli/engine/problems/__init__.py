"""Problems: what is minimised. `base` defines the protocol, and `least_squares` implements it."""
