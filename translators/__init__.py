"""Dialect changes between OCPP versions: pure, no I/O, no clock, no randomness."""
