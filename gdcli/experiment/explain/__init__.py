"""What theory says of a run: numbers for settings that a spec leaves to it."""
