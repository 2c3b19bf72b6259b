"""Predictions of a finished run for new rows.

In comes a `Result`, or the directory of one, and rows; out comes a prediction for each of them, in units of the file.

Read `predictor` (what of a run is needed) first, then `new_rows`; `saved` reads it from `summary.json`.
"""
