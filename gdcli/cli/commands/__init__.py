"""The commands, one module each: options, a call of the library, a view, an exit code."""
