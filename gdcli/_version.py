"""The one place that holds gdcli's version."""

__version__ = "0.1.0"
