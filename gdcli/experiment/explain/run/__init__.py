"""What a run says of itself: whether its rate is stable, before it starts; why it ended, afterwards.

In comes a plan, and at the end its trace; out come sentences. Only what costs a few milliseconds is said here;
`gdcli explain` says the rest.
"""
