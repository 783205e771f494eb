"""How queries are written: `{M}` stands for the chosen jobs and instances, `[R]` for the interval of a rate."""

from deploy.grafana.build import Panel, Query

_MATCHERS = 'job=~"$job", instance=~"$instance"'


def query(text: str, legend: str, *, instant: bool = False) -> Query:
    """A query of this text; the line is named by `legend`."""
    return Query(text.replace("{M", "{" + _MATCHERS).replace("[R]", "[$__rate_interval]"), legend, instant)


def rate(by: str, series: str, matchers: str = "") -> Query:
    """Events a second, by these labels."""
    labels = [label.strip() for label in by.split(",")]
    return query(f"sum by ({by}) (rate(ocpp_gateway_{series}{{M{matchers}}}[R]))", _legend(labels))


def total(by: str, series: str, matchers: str = "") -> Query:
    """The value now, by these labels."""
    labels = [label.strip() for label in by.split(",")]
    return query(f"sum by ({by}) (ocpp_gateway_{series}{{M{matchers}}})", _legend(labels))


def quantiles(by: str, series: str, matchers: str = "", of: tuple[float, ...] = (0.5, 0.99)) -> list[Query]:
    """These quantiles of a histogram, by these labels."""
    buckets = f"sum by (le, {by}) (rate(ocpp_gateway_{series}_bucket{{M{matchers}}}[R]))"
    return [query(f"histogram_quantile({q}, {buckets})", f"p{q * 100:g} {_legend(by.split(', '))}") for q in of]


def _legend(labels: list[str]) -> str:
    return " ".join("{{" + label + "}}" for label in labels)


def stat(title: str, description: str, unit: str, query: Query, bad_from: float | None = None) -> Panel:
    """One figure; red from `bad_from` on."""
    steps: list[dict[str, str | float | None]] = [{"color": "green", "value": None}]
    if bad_from is not None:
        steps.append({"color": "red", "value": bad_from})
    return Panel(
        title,
        description,
        unit,
        [query],
        "stat",
        4,
        4,
        more={"decimals": 0, "thresholds": {"mode": "absolute", "steps": steps}},
    )
