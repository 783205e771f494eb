"""Counters and histograms of our own look on the page as those of prometheus_client do."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest

from gateway.tallies import Spreads, Tallies

BUCKETS = (0.00005, 0.001, 0.25, 1.0, 2.5)
VALUES = (0.0, 0.00005, 0.0000501, 0.2, 0.25, 1.0, 2.4, 2.5, 2.6, 1e9)


def test_the_page_is_that_of_prometheus_client() -> None:
    disable_created_metrics()  # type: ignore[no-untyped-call]
    theirs, ours = CollectorRegistry(auto_describe=True), CollectorRegistry(auto_describe=True)
    counters = (
        Counter("a_b_total", "Help.", ["x", "y"], registry=theirs),
        Tallies("a_b_total", "Help.", ["x", "y"], ours),
    )
    histograms = (
        Histogram("c_seconds", "Help.", ["z"], buckets=BUCKETS, registry=theirs),
        Spreads("c_seconds", "Help.", BUCKETS, ["z"], ours),
    )
    assert generate_latest(ours) == generate_latest(theirs)
    for counter in counters:
        counter.labels("1", 'quoted "2"').inc()
        counter.labels("1", 'quoted "2"').inc()
        counter.labels("other", "").inc()
    for histogram in histograms:
        for value in VALUES:
            histogram.labels("here").observe(value)
        histogram.labels("empty")
    assert generate_latest(ours) == generate_latest(theirs)
    assert ours.get_sample_value("c_seconds_bucket", {"z": "here", "le": "+Inf"}) == len(VALUES)


def test_labels_are_counted_and_children_kept() -> None:
    family = Tallies("a_total", "Help.", ["x"], CollectorRegistry(auto_describe=True))
    assert family.labels("1") is family.labels("1")
    with pytest.raises(ValueError, match="a has the labels x"):
        family.labels("1", "2")
