"""Failures that the command line tells as a line."""


class StartError(Exception):
    """The gateway cannot start; one line each."""
