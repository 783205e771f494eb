"""What the gateway says of itself at `/metrics`: time spent inside it, and what could not be translated."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

_INSIDE = "ocpp_gateway_forward_duration_seconds"
_LOSSES = "ocpp_gateway_translation_losses_total"


@dataclass(frozen=True, slots=True)
class Inside:
    """Time inside the gateway in one direction, in seconds. NaN without a frame."""

    frames: int
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Loss:
    """A value that the far version cannot hold, and how often it was met."""

    way: str
    action: str
    field: str
    count: int


@dataclass(frozen=True, slots=True)
class Measured:
    """`inside` by direction: from_station, from_csms."""

    inside: Mapping[str, Inside]
    losses: list[Loss]


def read(page: str) -> Measured:
    """Reads a text exposition. Raises ValueError for a page that is none."""
    buckets: dict[str, dict[float, float]] = {}
    losses = []
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = sample.labels
            if sample.name == f"{_INSIDE}_bucket":
                buckets.setdefault(labels["direction"], {})[float(labels["le"])] = sample.value
            elif sample.name == _LOSSES and sample.value:
                way = f"{labels['from']} → {labels['to']}"
                losses.append(Loss(way, labels["action"], labels["field"], int(sample.value)))
    inside = {
        direction: Inside(int(found.get(math.inf, 0)), quantile(found, 0.5), quantile(found, 0.99))
        for direction, found in buckets.items()
    }
    return Measured(inside, sorted(losses, key=lambda loss: (loss.way, loss.action, loss.field)))


def quantile(buckets: Mapping[float, float], share: float) -> float:
    """The value that `share` of the observations stay below, linear within its bucket, as Prometheus does it.

    `buckets`: upper bound -> observations up to it, with the infinite one. Beyond the last finite bound it is that bound.
    """
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0
    if not total:
        return math.nan
    rank = share * total
    below, low = 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= rank:
            if math.isinf(bound):
                return low
            return low + (bound - low) * (rank - below) / (buckets[bound] - below)
        below, low = buckets[bound], bound
    return low
