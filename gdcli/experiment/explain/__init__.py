"""Why a run converges as it does, before it runs: figures from `gdcli.theory`, and sentences about them.

Read `explanation` (what is known) and `explain` (how it is put together) first, then `prediction` and `advice`.
"""
