"""Plays the stations of a capture (`tail --jsonl`) against a CSMS, and tells what it answers otherwise."""
