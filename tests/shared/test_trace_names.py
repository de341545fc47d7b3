"""Requests are told apart by name whatever a library does to the process's generator, and after a fork."""

import random
import subprocess
import sys
from collections.abc import Callable
from uuid import UUID

import pytest

from shared.trace_names import new_request_id, new_span_id, new_trace_id

FORKED = """
import os, sys
from shared.trace_names import new_trace_id
new_trace_id()
if os.fork() == 0:
    print(new_trace_id(), flush=True)
    os._exit(0)
os.wait()
print(new_trace_id())
"""


@pytest.mark.parametrize("make", [new_request_id, new_trace_id, new_span_id])
def test_seeding_the_shared_generator_repeats_no_name(make: Callable[[], str]) -> None:
    kept = random.getstate()
    try:
        random.seed(0)
        first, drawn = make(), random.getstate()
        random.seed(0)
        assert make() != first
        assert random.getstate() == drawn  # nor is anybody's draw another one because a request came
    finally:
        random.setstate(kept)


def test_processes_that_forked_say_different_names() -> None:
    said = subprocess.run([sys.executable, "-c", FORKED], check=True, capture_output=True, text=True, timeout=60).stdout.split()
    assert len(said) == len(set(said)) == 2


def test_the_names_have_the_form_that_their_standards_give() -> None:
    named = UUID(new_request_id())
    assert (named.version, named.variant) == (4, "specified in RFC 4122")
    assert len(bytes.fromhex(new_trace_id())) == 16
    assert len(bytes.fromhex(new_span_id())) == 8
