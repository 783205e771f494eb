"""`when_down: buffer`: what answers a station while its CSMS is away, and delivers its messages later."""

from translators.outbox.stage import Outbox

__all__ = ["Outbox"]
