"""What must be true of the books of a 1.6 CSMS after the life of a 2.0.1 station."""

from tests.lives.csms16 import Account, Csms16
from tests.lives.station201 import Station201, Tx
from translators.times import epoch


def kept(station: Station201, csms: Csms16) -> None:
    accounts = list(csms.accounts.values())
    for account in accounts:
        mine = [tx for tx in station.txs if csms.is_of(account.start, tx)]
        assert len(mine) == 1, f"{account.start} is of {len(mine)} transactions of the station"
    for tx in station.txs:
        told = [account for account in accounts if csms.is_of(account.start, tx)]
        assert all(account.start == told[0].start for account in told), f"two different starts of {tx}"
        used = [account for account in told if account.values or account.stops]
        assert len(used) <= 1, f"one transaction under two numbers: {tx}"
        if tx.spoilt():
            continue
        moved = tx.end != tx.begin
        if not told:
            assert not (moved and tx.tag is not None), f"never reached the CSMS: {tx}"
            continue
        account = used[0] if used else told[-1]
        _whole(tx, account)


def _whole(tx: Tx, account: Account) -> None:
    start = account.start
    assert start["idTag"] == tx.tag
    assert len(account.stops) == 1, f"{len(account.stops)} stops of {tx}"
    (stop,) = account.stops
    assert (start["meterStart"], stop["meterStop"]) == (tx.begin, tx.end), f"energy: {start} {stop} of {tx}"
    assert epoch(stop["timestamp"]) == epoch(tx.ended)
    order = [name for index, name in enumerate(account.order) if index == 0 or account.order[index - 1] != name]
    assert order[0] == "start", order
    assert order[-1] == "stop", order
    assert order in (["start", "stop"], ["start", "values", "stop"]), order
    told = [
        (value["timestamp"], round(float(sample["value"])))
        for values in account.values
        for value in values["meterValue"]
        for sample in value["sampledValue"]
    ]
    if tx.refused:
        # 1.6 has no transaction while the token is refused: what was charged all the same is in start and stop.
        assert set(told) <= set(tx.values)
    else:
        assert told == tx.values, f"values: {told} of {tx}"
