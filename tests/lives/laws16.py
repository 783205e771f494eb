"""What must be true of the books of a 2.0.1 CSMS after the life of a 1.6 station."""

from typing import Any

from tests.lives.csms201 import Csms201
from tests.lives.station16 import BAD_TAG, Station16, Tx
from translators.meters import register_wh
from translators.times import epoch


def kept(station: Station16, csms: Csms201, *, buffered: bool) -> None:
    """`buffered`: the gateway stood in for the CSMS while that was away, and took every token for accepted."""
    of: dict[str, Tx] = {}
    for uuid, place in csms.starts.items():
        mine = [tx for tx in station.txs if (tx.connector, epoch(tx.started)) == (place[0], epoch(place[1]))]
        assert len(mine) == 1, f"{uuid} is no transaction of the station: {place}"
        assert mine[0] not in of.values(), f"one transaction under two ids: {place}"
        of[uuid] = mine[0]
    spoilt = [tx for tx in station.txs if tx.spoilt()]
    for uuid in csms.books:
        assert uuid in of or spoilt, f"a transaction without a start: {uuid}"
    numbers = [tx.number for tx in station.txs if tx.number is not None]
    assert len(set(numbers)) == len(numbers), f"one number for two transactions: {numbers}"
    for tx in station.txs:
        found = [uuid for uuid, one in of.items() if one is tx]
        assert found, f"never reached the CSMS: {tx}"
        if not tx.spoilt():
            _whole(tx, list(csms.books[found[0]].items()))
            assert tx.status == ("Blocked" if tx.tag == BAD_TAG else "Accepted") or (
                buffered and tx.status == "Accepted"
            ), tx
    used = [event["transactionInfo"].get("remoteStartId") for book in csms.books.values() for event in book.values()]
    remote = [number for number in used if number is not None]
    assert len(set(remote)) == len(remote), f"a remote start was used twice: {remote}"
    assert set(remote) <= set(csms.remote), "a remote start nobody asked for"


def _whole(tx: Tx, book: list[tuple[int, dict[str, Any]]]) -> None:
    assert [seq for seq, _ in book] == list(range(len(book))), f"seqNo: {[seq for seq, _ in book]} of {tx}"
    events = [event for _, event in book]
    kinds = [event["eventType"] for event in events]
    assert kinds == ["Started", *["Updated"] * (len(kinds) - 2), "Ended"], f"{kinds} of {tx}"
    begin = register_wh(events[0]["meterValue"], ["Transaction.Begin"])
    end = register_wh(events[-1]["meterValue"], ["Transaction.End"])
    assert begin is not None
    assert end is not None
    assert (begin.wh, end.wh) == (tx.begin, tx.end), f"energy: {begin} {end} of {tx}"
    assert epoch(events[-1]["timestamp"]) == epoch(tx.stopped)
    told = [
        (value["timestamp"], register.wh)
        for event in events[1:-1]
        for value in event.get("meterValue", [])
        if (register := register_wh([value]))
    ]
    assert told == tx.values, f"values: {told} of {tx}"
