"""Which transactions of one station are under way, read off the frames on its own connection. PURE.

The same for every version and for translated and untranslated connections, for it looks at the station's side only. A
transaction that began before the station connected is known from its next message that names it.
"""

from translators.frames import CALL, BadFrame, Call, Frame, Result

_MOST = 256
"""Open transactions kept for one station; a station with more is telling stories, and they are not counted."""
_READ = frozenset({"TransactionEvent", "MeterValues", "StopTransaction"})


class OpenTransactions:
    """`count` is kept up to date by `received` and `sent`."""

    __slots__ = ("_open", "starting")

    def __init__(self) -> None:
        self._open: set[str] = set()
        self.starting: str | None = None
        """The key of the StartTransaction whose answer is to come: its number is in there. One call is outstanding at a
        time: what is older got none."""

    @property
    def count(self) -> int:
        return len(self._open)

    def received(self, frame: Call) -> bool:
        """A call of the station; whether the count may have changed."""
        if frame.type != CALL:
            return False
        if frame.action == "StartTransaction":
            self.starting = frame.key
            return False
        if frame.action not in _READ:
            return False
        try:
            payload = frame.payload
        except BadFrame:
            return False
        over = frame.action == "StopTransaction" or payload.get("eventType") == "Ended"
        info = payload.get("transactionInfo")
        return self._tell((info if isinstance(info, dict) else payload).get("transactionId"), over=over)

    def sent(self, frame: Frame) -> bool:
        """A frame for the station; whether the count may have changed."""
        if frame.key != self.starting or isinstance(frame, Call):
            return False
        self.starting = None
        if not isinstance(frame, Result):
            return False
        try:
            return self._tell(frame.payload.get("transactionId"), over=False)
        except BadFrame:
            return False

    def _tell(self, transaction: object, *, over: bool) -> bool:
        """1.6 numbers them, 2.x names them."""
        if type(transaction) not in (int, str):
            return False
        name = str(transaction)
        if (name in self._open) != over or (not over and len(self._open) >= _MOST):
            return False
        if over:
            self._open.remove(name)
        else:
            self._open.add(name)
        return True
