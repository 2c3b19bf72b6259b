"""What theory tells of a planned run: numbers that it fills in, and why the run converges as it does.

`automatic` fills in numbers at planning. For the rest read `explanation` (what is known) and `explain` (how it is put
together) first, then `prediction` and `advice`.
"""
