"""Results as people see them: tables for the terminal, and pictures.

In come results; out come what Rich prints, and Matplotlib's figures as the bytes of a PNG.

Read `layout` (how every table fits its width) and `run_view` first, then `pictures` and `run_picture`.
"""
