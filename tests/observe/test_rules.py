"""Recording rules and alerts: promtool takes them and their unit tests, every alert has a test and a page."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.metrics import Metrics
from gateway.workers.front import Front

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/prometheus"
RUNBOOKS = ROOT / "docs/runbooks"


def series_of_a_process() -> set[str]:
    """Every name a page can hold, by declaration, with what a supervisor of workers adds."""
    found = set()
    for family in [*Metrics().registry.collect(), *Front(list, 2).own_metrics(2)]:
        found.add(family.name if family.type != "counter" else f"{family.name}_total")
        if family.type == "histogram":
            found |= {f"{family.name}_{part}" for part in ("bucket", "count", "sum")}
    return found


def rules(name: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def promtool(*arguments: str) -> None:
    run = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_promtool_takes_the_configuration_with_its_rules() -> None:
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "rules.yml", "alerts.yml")


def test_each_alert_fires_when_it_should_and_no_other_does() -> None:
    promtool("test", "rules", "alerts_test.yml")


def test_each_alert_has_a_test_that_fires_it() -> None:
    text = (FOLDER / "alerts_test.yml").read_text(encoding="utf-8")
    fired = set(re.findall(r'alertname="(\w+)"', text))
    assert fired == {alert["alert"] for alert in rules("alerts.yml")}


@pytest.mark.parametrize("alert", rules("alerts.yml"), ids=lambda alert: str(alert["alert"]))
def test_each_alert_says_what_it_is_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert re.fullmatch(r"Gateway[A-Za-z]+", alert["alert"])
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    summary, description = alert["annotations"]["summary"], alert["annotations"]["description"]
    assert "{{" not in summary, "a summary is the same for every alert of its kind"
    assert "{{" in description or alert["alert"] == "GatewayAbsent"
    page = ROOT / alert["annotations"]["runbook_url"]
    text = page.read_text(encoding="utf-8")
    assert page.name == f"{alert['alert']}.md"
    assert f"*{summary}.* Severity: {alert['labels']['severity']}." in text
    for heading in ("What it means", "What to look at", "What to do"):
        assert f"\n## {heading}\n" in text


def test_each_page_belongs_to_an_alert_and_is_in_the_list() -> None:
    alerts = {alert["alert"] for alert in rules("alerts.yml")}
    assert {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"} == alerts
    listed = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \|", (RUNBOOKS / "README.md").read_text(), re.MULTILINE)
    assert {name for name, target in listed if name == target} == alerts


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in [*RUNBOOKS.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target, anchor in re.findall(r"\]\(([^)#\s:]+)(#[^)]*)?\)", page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve()
            assert path.exists(), f"{page.name}: {target}"
            if anchor and path.suffix == ".md":
                heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
                slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
                assert anchor[1:] in slugs, f"{page.name}: {target}{anchor}"


def test_rules_ask_only_for_series_that_there_are() -> None:
    known = series_of_a_process() | {"up"} | {rule["record"] for rule in rules("rules.yml")}
    for rule in [*rules("rules.yml"), *rules("alerts.yml")]:
        asked = set(re.findall(r"\b(?:[a-z_]+:)?(?:ocpp_gateway|process)_\w+(?::\w+)?", rule["expr"]))
        assert asked <= known, f"{rule.get('alert') or rule['record']}: {asked - known}"
