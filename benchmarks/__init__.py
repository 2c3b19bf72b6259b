"""Benchmarks: the same work done by gdcli and by what a user would pick instead. See README.md."""
