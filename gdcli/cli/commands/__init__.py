"""The commands, one module each: options, a call to the library, a view, an exit code."""
