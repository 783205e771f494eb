"""What is under deploy/ and the Dockerfile, by the linters that run without a cluster, and by what the parts must agree on."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gateway import certificates
from gateway.config import Config, parse

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SERVICE = DEPLOY / "systemd/ocpp-gateway.service"
_SECRETS = {
    "REDIS_PASSWORD": "secret",
    "REDIS_URL": "redis://:secret@redis:6379/0",
    "OCPP_GATEWAY_ADMIN_TOKEN": "a token that is long enough",
}
_SLACK = 15


def run(*command: str | Path, **environment: str) -> str:
    """What a command says; it must like what it sees."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **environment},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def tool(name: str) -> Path:
    """A program from the Python index, beside the interpreter."""
    return Path(sys.executable).parent / name


def objects() -> list[dict[str, Any]]:
    found = []
    for path in sorted(KUBERNETES.glob("*.yaml")):
        found += [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one is not None]
    return found


def the(kind: str, name: str = "ocpp-gateway") -> dict[str, Any]:
    (found,) = (one for one in objects() if one["kind"] == kind and one["metadata"]["name"] == name)
    return found


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Config]:
    """Reads a configuration where the certificates it names are."""
    folder = tmp_path_factory.mktemp("deployed")
    certificates.init_ca(folder / "certs")
    certificates.issue_server(folder / "certs", ["localhost"])

    def configuration(text: str) -> Config:
        text = text.replace("/etc/ocpp-gateway/tls/tls.", "certs/server.")
        return parse(text, _SECRETS, path=folder / "gateway.yaml")

    return configuration


@pytest.fixture(scope="module")
def in_compose(read: Callable[[str], Config]) -> Config:
    return read((DEPLOY / "compose/gateway.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def in_kubernetes(read: Callable[[str], Config]) -> Config:
    return read(the("ConfigMap")["data"]["gateway.yaml"])


def seconds_of_a_drain(config: Config) -> float:
    return config.drain.seconds + config.limits.write_seconds + _SLACK


def test_yaml_is_well_laid_out() -> None:
    run(tool("yamllint"), "--strict", "deploy")


def test_hadolint_likes_the_image() -> None:
    run(tool("hadolint"), "Dockerfile")


def test_the_image_has_what_it_is_made_of_and_no_more() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {part for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for part in line.split()[:-1]}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert all((ROOT / part).exists() for part in copied)
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)


@pytest.mark.parametrize("one", [one for one in objects() if one["kind"] not in ("Kustomization", "ServiceMonitor")])
def test_kubernetes_takes_each_object(one: dict[str, Any]) -> None:
    for version in ("1.30", kubernetes_validate.latest_version()):
        kubernetes_validate.validate(one, version, strict=True)


def test_kustomize_names_every_file() -> None:
    named = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert sorted([*named, "kustomization.yaml"]) == sorted(path.name for path in KUBERNETES.glob("*.yaml"))


def test_a_pod_has_time_to_drain_and_is_not_killed_for_it(in_kubernetes: Config) -> None:
    pod = the("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= before + seconds_of_a_drain(in_kubernetes)
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["startupProbe"]["httpGet"]["path"] == "/livez"
    assert the("Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_a_pod_may_do_nothing_it_need_not() -> None:
    pod = the("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_what_kubernetes_objects_say_of_each_other_is_so(in_kubernetes: Config) -> None:
    labels = the("Deployment")["spec"]["template"]["metadata"]["labels"]
    (container,) = the("Deployment")["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"stations": in_kubernetes.listeners[0].bind.port, "admin": in_kubernetes.admin.bind.port}
    assert the("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    for name, port in (("ocpp-gateway", "stations"), ("ocpp-gateway-admin", "admin")):
        service = the("Service", name)["spec"]
        assert service["selector"] == labels
        assert [one["targetPort"] for one in service["ports"]] == [port], "stations and admin are apart"
    monitor = the("ServiceMonitor")["spec"]
    watched = the("Service", "ocpp-gateway-admin")
    assert monitor["selector"]["matchLabels"].items() <= watched["metadata"]["labels"].items()
    assert watched["metadata"]["labels"][monitor["jobLabel"]].startswith("ocpp-gateway")
    assert [endpoint["port"] for endpoint in monitor["endpoints"]] == [
        port["name"] for port in watched["spec"]["ports"]
    ]
    assert {variable["name"] for variable in container["env"]} == _SECRETS.keys() - {"REDIS_PASSWORD"}


def test_compose_has_time_to_drain_and_mounts_what_is_there(in_compose: Config) -> None:
    services = compose()["services"]
    for name in ("gateway-1", "gateway-2"):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) >= seconds_of_a_drain(in_compose)
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    for name, service in services.items():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            if source.startswith("./"):
                assert source == "./certs" or (DEPLOY / source).exists(), f"{name}: {source}"
            else:
                assert source in compose()["volumes"], f"{name}: {source}"
        assert set(service["networks"]) <= compose()["networks"].keys()
        assert all(known in services for known in service.get("depends_on", ()))
        assert ":latest" not in service["image"]
        assert ":" in service["image"]


def test_compose_parts_know_each_other(in_compose: Config) -> None:
    services, config = compose()["services"], in_compose
    (listener,) = config.listeners
    front = services["front"]["networks"]["front"]["ipv4_address"]
    assert [str(network) for network in listener.trusted_proxies] == [f"{front}/32"]
    assert listener.proxy_protocol
    assert set(services["front"]["environment"].values()) <= services.keys()
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"][0]
    assert scraped["static_configs"][0]["targets"] == [
        f"{name}:{config.admin.bind.port}" for name in ("gateway-1", "gateway-2")
    ]
    assert services["gateway-1"]["environment"].keys() == _SECRETS.keys() - {"REDIS_URL"}


def test_systemd_takes_the_unit_and_finds_it_closed(tmp_path: Path, read: Callable[[str], Config]) -> None:
    unit = tmp_path / SERVICE.name
    text = SERVICE.read_text(encoding="utf-8")
    # The program is not installed here; everything else is looked at as it is.
    unit.write_text(text.replace("/opt/ocpp-gateway/bin/ocpp-gateway", "/bin/true"))
    assert not run("systemd-analyze", "verify", "--man=no", unit)
    run("systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=15", unit)
    assert "Type=notify" in text
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    example = (DEPLOY / "gateway.example.yaml").read_text(encoding="utf-8")
    assert int(stop) >= seconds_of_a_drain(read(example))


def test_haproxy_takes_its_configuration() -> None:
    path = DEPLOY / "haproxy/haproxy.cfg"
    run("haproxy", "-c", "-f", path, GATEWAY_1="127.0.0.1", GATEWAY_2="127.0.0.2")


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    certificates.init_ca(tmp_path / "certs")
    certificates.issue_server(tmp_path / "certs", ["localhost"])
    text = (DEPLOY / "nginx/nginx.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/nginx/certs", str(tmp_path / "certs")).replace("gateway-", "127.0.0.")
    (tmp_path / "nginx.conf").write_text(text)
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    run(nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-g", f"pid {tmp_path}/pid; error_log stderr;")
