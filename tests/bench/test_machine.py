"""What /proc tells, against what this process does."""

import os
import subprocess
import sys
import time

import pytest

from tests.bench import machine


def test_a_process_that_works_uses_processor_time_and_its_children_are_found() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        end = time.monotonic() + 30
        while len(machine.family(parent.pid)) < 2 or machine.cpu_seconds(machine.family(parent.pid)) < 0.2:
            assert time.monotonic() < end
            time.sleep(0.02)
        pids = machine.family(parent.pid)
        assert pids[0] == parent.pid
        assert machine.cpu_seconds(pids) >= machine.cpu_seconds(pids[1:])
        assert machine.pss_kib(pids) > machine.pss_kib(pids[1:]) > 500
    finally:
        for pid in reversed(machine.family(parent.pid)):
            os.kill(pid, 9)
        parent.wait()
    with pytest.raises(OSError, match=r"\d"):
        machine.cpu_seconds([parent.pid])


def test_descriptors_are_counted() -> None:
    before = machine.descriptors(os.getpid())
    with open("/dev/null"):
        assert machine.descriptors(os.getpid()) == before + 1


def test_the_head_of_a_result_says_what_was_measured_and_where() -> None:
    head = machine.describe()
    assert head["commit"]
    assert head["cores"] >= 1
    assert head["ocpp-gateway"]
    assert head["redis"] is None or head["redis"][0].isdigit()
    assert machine.find("no-such-program") is None
