"""A context follows its files once they have settled, and never a bad one."""

from pathlib import Path

import pytest

from gateway import security
from gateway.config import BackendTls, ListenerTls
from gateway.contexts import LiveContext, tell_expiries
from gateway.metrics import Metrics
from tests.pki import SERVER, Authority, replace


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"ocpp_gateway_{name}", labels)


async def test_it_reads_what_has_settled(tmp_path: Path) -> None:
    authority, metrics = Authority(tmp_path), Metrics()
    first, second = (authority.issue(name, name, purposes=(SERVER,)) for name in ("first", "second"))
    tls = ListenerTls(certificate=(first.certificate,), key=(first.key,))
    live = LiveContext("listener x", tls, security.server_context, metrics)
    before = live.current
    assert not await live.look()
    good = first.key.read_bytes()
    replace(first.certificate, second.certificate.read_bytes())
    # Changed this very moment: its key may be on the way.
    assert not await live.look()
    assert value(metrics, "certificate_reload_failed", place="listener x") == 0
    assert not await live.look()
    assert value(metrics, "certificate_reload_failed", place="listener x") == 1
    assert live.current is before
    replace(first.key, second.key.read_bytes())
    assert [await live.look() for _ in range(3)] == [False, True, False]
    assert value(metrics, "certificate_reload_failed", place="listener x") == 0
    assert live.current is not before
    replace(first.key, good)
    with pytest.raises((OSError, ValueError)):
        live.prepare(tls)


async def test_expiries_of_files_with_one_name_and_of_those_no_longer_used(tmp_path: Path) -> None:
    metrics = Metrics()
    places = [Authority(tmp_path / name) for name in ("a", "b")]
    contexts = [
        LiveContext(f"backend {n}", BackendTls(ca=place.file), security.client_context, metrics)
        for n, place in enumerate(places)
    ]
    tell_expiries(contexts, metrics)
    for place in places:
        assert value(metrics, "certificate_expiry_timestamp_seconds", certificate=str(place.file))
    tell_expiries(contexts[:1], metrics)
    assert value(metrics, "certificate_expiry_timestamp_seconds", certificate="root.crt")
    assert value(metrics, "certificate_expiry_timestamp_seconds", certificate=str(places[1].file)) is None
