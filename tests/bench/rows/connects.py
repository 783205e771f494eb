"""New wss connections, the dial of the upstream included: how many a core takes in a second."""

from tests.bench.lab import Lab
from tests.bench.processes import Running
from tests.bench.proxies import HAPROXY, NGINX, PASSTHROUGH, TRANSLATE
from tests.bench.rows.load import standing

_LEAST_CPU = 0.01


def measure(lab: Lab) -> None:
    """`connects/full/PROXY/per core`, and `connects/resumed/...` for stations that bring the TLS session of an earlier
    connection, with the `share` of them whose session the proxy took. Nothing is said on these connections."""
    proxies, kinds = (HAPROXY, NGINX, PASSTHROUGH, TRANSLATE), ("full", "resumed")
    with lab.csms() as csms, standing(lab, csms, proxies, [f"connects/{kind}" for kind in kinds]) as running:
        for _ in range(lab.scale.rounds):
            for proxy, one in running.items():
                for kind in kinds:
                    name = f"connects/{kind}/{proxy.name}"
                    if name not in lab.failures:
                        with lab.part(name):
                            _window(lab, one, name, kind == "resumed")


def _window(lab: Lab, running: Running, name: str, resume: bool) -> None:
    seconds = lab.scale.connect_seconds
    with lab.load(running.url, "silent-1.6") as load:
        load.ask("connects", seconds=min(0.3, seconds), resume=resume)
        before = running.cpu()
        report = load.ask("connects", seconds=seconds, resume=resume)
        cpu = max(running.cpu() - before, _LEAST_CPU)
    lab.figures.add(f"{name}/per core", report["connects"] / cpu, "connects/s", "more")
    lab.figures.add(f"{name}/busy", cpu / report["seconds"], "core")
    lab.figures.add(f"{name}/share", report["resumed"] / max(1, report["connects"]), "share")
    lab.tell(f"{name}: {report['connects'] / cpu:,.0f} a second and core")
