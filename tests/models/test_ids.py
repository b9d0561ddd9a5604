"""Ids made by the application."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

from portal.models import new_id


def test_an_id_is_a_version_7_uuid_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    # The counter may run ahead of the clock by some ids of the same millisecond, never by more than a breath.
    assert before <= made.int >> 80 <= after + 50


def test_ids_of_one_process_sort_as_they_were_made() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_never_make_the_same_id() -> None:
    made: list[list[UUID]] = []
    threads = [threading.Thread(target=lambda: made.append([new_id() for _ in range(2_000)])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for some in made for one in some}) == 16_000


def test_a_forked_process_makes_ids_of_its_own() -> None:
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, new_id().bytes)
        os._exit(0)
    os.wait()
    theirs = UUID(bytes=os.read(reader, 16))
    assert theirs != new_id()
    assert theirs.version == 7
