"""Benchmarks: the same work done by gdcli and by the tools that users would take instead. See README.md."""
