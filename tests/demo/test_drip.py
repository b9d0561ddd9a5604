"""New leads for the demo, as a program that knows nothing but an address and a key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import phonenumbers
import pytest
from apiflask import APIFlask
from werkzeug.serving import make_server

from portal.demo.customers import PAST, TO_COME, Customers
from portal.demo.drip import send
from portal.operations.wiping import wipe_demo
from tests.cast import Company
from tests.demo.made_up import make_demo, rows_of
from tests.operations.acts import agent_at_work


@pytest.fixture
def address(app: APIFlask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def demo(app: APIFlask) -> Company:
    return make_demo(app)


@pytest.fixture
def key_file(demo: Company, tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(demo.owner.key("intake"), encoding="ascii")
    return path


def somebody(seed: int = 1) -> dict[str, object]:
    return Customers(Random(seed), TO_COME).one()


def test_a_lead_arrives_and_the_next_may_follow(address: str, demo: Company, key_file: Path) -> None:
    assert send(address, key_file, somebody())
    assert rows_of(demo)["leads"] == 1


def test_once_the_demo_is_wiped_there_is_no_use_in_going_on(address: str, demo: Company, key_file: Path) -> None:
    with agent_at_work(demo.owner) as user:
        wipe_demo(by=user)
    assert not send(address, key_file, somebody())
    assert "leads" not in rows_of(demo)


def test_without_a_key_there_is_no_use_in_beginning(address: str, tmp_path: Path) -> None:
    assert not send(address, tmp_path / "nothing", somebody())


def test_a_portal_that_is_away_is_asked_again(key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert send("http://127.0.0.1:9", key_file, somebody())
    assert "was not taken" in capsys.readouterr().out


class TestCustomers:
    def test_are_the_same_for_the_same_seed(self) -> None:
        one, other = Customers(Random(7)), Customers(Random(7))
        assert [one.one() for _ in range(50)] == [other.one() for _ in range(50)]

    def test_have_numbers_set_aside_for_fiction_and_none_twice(self) -> None:
        customers = Customers(Random(42), PAST)
        numbers = [lead["phone"] for lead in (customers.one() for _ in range(420)) if "phone" in lead]
        whole = [number for number in numbers if len(number) == len("(512) 555-0100")]
        assert len(numbers) - len(whole) < 12, "now and then a digit is missing"
        assert len(set(whole)) == len(whole)
        for number in whole:
            parsed = phonenumbers.parse(number, "US")
            assert phonenumbers.is_valid_number(parsed)
            assert f"{parsed.national_number}"[3:8] == "55501"

    def test_of_the_past_and_to_come_are_strangers_to_each_other(self) -> None:
        assert not set(PAST) & set(TO_COME)

    def test_write_again_once_all_numbers_are_used(self) -> None:
        customers = Customers(Random(1), range(1))
        numbers = [lead["phone"] for lead in (customers.one() for _ in range(60)) if "phone" in lead]
        assert len(set(numbers)) < len(numbers)
