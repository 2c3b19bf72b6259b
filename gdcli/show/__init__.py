"""Results as people see them: tables for the terminal, and pictures.

The input is results. The output is tables for Rich to print, and Matplotlib figures as the bytes of a PNG.

Read `layout` (how every table fits its width) and `run_view` first, then `pictures` and `run_picture`.
"""
