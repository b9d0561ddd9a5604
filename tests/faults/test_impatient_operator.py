"""Somebody who presses Ctrl-C too early, starts things twice and kills what they should not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.supervisor.places import places
from tests.faults.shop import OWNER
from tests.faults.stack import Stack, eventually, free_port
from tests.supervisor.conftest import needs_linux

pytestmark = [pytest.mark.fault, needs_linux]


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack() as made:
        yield made


def test_ctrl_c_while_the_database_is_made_is_a_stop_like_any_other(stack: Stack) -> None:
    stack.begin()
    draft = places(stack.instance_dir).postgres_data.with_name("postgres.draft")
    eventually(draft.exists, "the database to be in the making")
    assert stack.press_ctrl_c() == 0, stack.output
    assert "cannot be made" not in stack.output
    assert stack.processes() == []


def test_commands_starts_and_kills_in_any_order_leave_a_sound_portal(stack: Stack) -> None:
    def create(number: int) -> str:
        return stack.create_company(f"Company {number}", f"{number}.{OWNER}").company_id

    with ThreadPoolExecutor(3) as terminals:
        before = terminals.map(create, (1, 2))
        stack.begin()
        during = terminals.map(create, (3,))
        created = {*before, *during}
    stack.wait_until_ready()

    second = stack.portal("up", "--port", str(free_port()))
    assert second.returncode == 1
    assert f"already running from {stack.instance_dir} (process {stack.program.pid})" in second.stderr

    stack.program.kill()
    stack.program.wait()
    stack.start()
    assert {str(row[0]) for row in stack.rows("SELECT id FROM companies")} == created
    stack.assert_sound()
    assert stack.press_ctrl_c() == 0
    assert stack.processes() == []
