"""CSV files: `files` reads them whole, `chunks` in blocks of bytes that are parsed side by side."""
