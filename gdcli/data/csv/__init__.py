"""CSV files: read whole by `files`, or by `chunks` in blocks that are parsed side by side."""
