"""The proxies that are compared, and how each is configured."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import yaml

from tests.bench.machine import find
from tests.bench.peer import RowError
from tests.bench.processes import Launch, Running, Site, answers_200, listens, running
from tests.support import free_port


@dataclass(frozen=True, slots=True)
class Proxy:
    """One that is compared: what its stations say (`messages.SCRIPTS`), the subprotocol the CSMS must see, and how it is
    launched."""

    name: str
    script: str
    csms_subprotocol: str
    launch: Callable[[Site], Launch] | None
    most_connections: int | None = None

    @contextmanager
    def running(self, site: Site) -> Iterator[Running]:
        """Started, ready, and in the end killed. Raises RowError."""
        if self.launch is None:
            yield Running(site.csms, None)
            return
        with running(self.launch(site), site) as one:
            yield one


def _host(site: Site) -> str:
    return site.csms.removeprefix("ws://").partition("/")[0]


def _program(name: str) -> str:
    path = find(name)
    if path is None:
        raise RowError(f"{name} is missing; run: sudo apt-get install --no-install-recommends {name}")
    return path


def _haproxy(site: Site) -> Launch:
    port, config = free_port(), site.directory / "haproxy.cfg"
    # A tunnel outlives the bench, and there is no log. The rest are HAProxy's defaults.
    config.write_text(f"""global
    nbthread {site.workers}
    maxconn 9000
    ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 1h
frontend stations
    bind 127.0.0.1:{port} ssl crt {site.certificates.both}
    default_backend csms
backend csms
    server csms {_host(site)}
""")
    command = [_program("haproxy"), "-db", "-f", str(config)]
    return Launch(command, f"wss://127.0.0.1:{port}", lambda: listens(port))


def _nginx(site: Site) -> Launch:
    port, config, here = free_port(), site.directory / "nginx.conf", site.directory
    user = "user root;\n" if os.geteuid() == 0 else ""
    folders = "".join(
        f"    {name}_temp_path {here}/{name};\n" for name in "client_body proxy fastcgi uwsgi scgi".split()
    )
    config.write_text(f"""{user}daemon off;
pid {here}/nginx.pid;
worker_processes {site.workers};
worker_rlimit_nofile {2 * 9900 + 100};
error_log stderr warn;
events {{ worker_connections 19900; }}
http {{
    access_log off;
{folders}    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    upstream csms {{ server {_host(site)}; }}
    server {{
        listen 127.0.0.1:{port} ssl reuseport backlog=1024;
        ssl_certificate {site.certificates.certificate};
        ssl_certificate_key {site.certificates.key};
        ssl_protocols TLSv1.3;
        location / {{
            proxy_pass http://csms;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
        }}
    }}
}}
""")
    command = [_program("nginx"), "-p", str(here), "-e", "stderr", "-c", str(config)]
    return Launch(command, f"wss://127.0.0.1:{port}", lambda: listens(port))


def _naive(site: Site) -> Launch:
    port = free_port()
    files = ["--certificate", str(site.certificates.certificate), "--key", str(site.certificates.key)]
    command = [sys.executable, "-m", "tests.bench.naive", "--port", str(port), "--csms", site.csms, *files]
    return Launch(command, f"wss://127.0.0.1:{port}", lambda: listens(port))


def _gateway(station: str, csms: str) -> Callable[[Site], Launch]:
    def launch(site: Site) -> Launch:
        port, admin = free_port(), free_port()
        files = {"certificate": str(site.certificates.certificate), "key": str(site.certificates.key)}
        # Validation and metrics as they are by default. The limits are what protects a gateway from such stations as
        # these, whose next call follows the answer within microseconds, and who all come at once from one address.
        config = {
            "listeners": [{"bind": f"127.0.0.1:{port}", "subprotocols": [station], "tls": files, "auth": "none"}],
            "backends": {"csms": {"url": site.csms, "subprotocols": [csms], "auth": "none"}},
            "routes": [{"backend": "csms"}],
            "store": site.store,
            "admin": {"bind": f"127.0.0.1:{admin}"},
            "limits": {
                "frames_per_second": 1_000_000,
                "connects_per_second": 100_000,
                "accepts_per_second": 100_000,
                "handshakes_per_source": 100_000,
                "handshake_seconds": 30,
            },
            "log": {"level": "error"},
        }
        path = site.directory / "gateway.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        many = ["--workers", str(site.workers)] if site.workers > 1 else []
        command = [sys.executable, "-m", "gateway", "run", "-c", str(path), *many]
        url = f"http://127.0.0.1:{admin}"
        return Launch(command, f"wss://127.0.0.1:{port}", lambda: _all_ready(url, site.workers), url)

    return launch


def _all_ready(admin: str, workers: int) -> bool:
    if workers == 1:
        return answers_200(f"{admin}/readyz")
    # The tree is ready with its first worker; what is measured is all of them.
    try:
        page = Running("", None, admin).metrics()
    except RowError:
        return False
    return f"\nocpp_gateway_workers {workers}.0\n" in page


DIRECT = Proxy("direct", "meter-1.6", "ocpp1.6", None)
HAPROXY = Proxy("haproxy", "meter-1.6", "ocpp1.6", _haproxy)
NGINX = Proxy("nginx", "meter-1.6", "ocpp1.6", _nginx)
NAIVE = Proxy("naive", "meter-1.6", "ocpp2.0.1", _naive, most_connections=500)
PASSTHROUGH = Proxy("gateway passthrough", "meter-1.6", "ocpp1.6", _gateway("ocpp1.6", "ocpp1.6"))
TRANSLATE = Proxy("gateway 1.6 to 2.0.1", "meter-1.6", "ocpp2.0.1", _gateway("ocpp1.6", "ocpp2.0.1"))
TRANSLATE_BACK = Proxy("gateway 2.0.1 to 1.6", "meter-2.0.1", "ocpp1.6", _gateway("ocpp2.0.1", "ocpp1.6"))
PROXIES = (DIRECT, HAPROXY, NGINX, NAIVE, PASSTHROUGH, TRANSLATE, TRANSLATE_BACK)

_PACKAGES = {"haproxy": "haproxy", "nginx": "nginx-light", "redis-server": "redis-server"}


def install_peers() -> None:
    """From Debian, what is not here. Raises RowError with the one line that says what to do."""
    missing = [package for program, package in _PACKAGES.items() if not find(program)]
    if not missing:
        return
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    install = [*rights, "apt-get", "install", "-y", "--no-install-recommends", *missing]
    names = " ".join(missing)
    advice = f"not installed: {names}; run: sudo apt-get install --no-install-recommends {names}"
    if not all(shutil.which(word) for word in (*rights[:1], "apt-get")):
        raise RowError(advice)
    print(f"bench: installing {names}", file=sys.stderr)
    reason = ""
    for command in (install, [*rights, "apt-get", "update"], install):  # a fresh machine has no package lists yet
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        if all(find(program) for program in _PACKAGES):
            return
    raise RowError(f"{advice} ({reason})")
