"""The mathematics of gradient descent: arrays in, arrays out.

Start with `descent`: it steps a problem (`problems/`) through batches with an optimizer and returns a trace. Nothing
here depends on paths, YAML, pandas, a terminal or a clock.
"""
