"""Those outside: senders who post leads, agents who answer offers. They write down what they were promised.

A sender repeats a request with the same Idempotency-Key until it is acknowledged, as the API asks of them. What was
acknowledged is the ledger the database is held against afterwards.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.faults.stack import Api, Stack

ANSWER_WITHIN = 10.0
GIVE_UP_AFTER = 120.0
_UNAVAILABLE = (429, 500, 502, 503, 504)


@dataclass
class Posted:
    """One lead a sender wants taken in, and what became of the request."""

    key: str
    body: dict[str, Any]
    id: str | None = None
    """The lead's id as acknowledged."""
    attempts: int = 0
    refusals: list[int] = field(default_factory=list)
    """Answers other than an acknowledgement."""
    acknowledged_at: float | None = None
    waited: float = 0.0
    """Seconds the acknowledging request itself took."""


class Senders:
    """Posts numbered leads at a steady pace from several connections. Use as a context manager.

    Args:
        stack: where to.
        key: an API key that may create leads.
        count: how many leads at most.
        first: the number of the first of them.
        per_second: the pace new leads are begun at; repeats come on top.
        repeats: every how manieth acknowledged lead is sent once more, as by a sender who lost the answer.
    """

    def __init__(
        self,
        stack: Stack,
        key: str,
        count: int,
        per_second: float,
        *,
        first: int = 0,
        repeats: int = 5,
        threads: int = 8,
    ) -> None:
        self.posts = [Posted(f"post-{number}", _lead(number)) for number in range(first, first + count)]
        self.faults: list[str] = []
        """What no sender should ever see."""
        self._stack, self._key, self._per_second, self._repeats = stack, key, per_second, repeats
        self._next = 0
        self._lock = threading.Lock()
        self._given_up = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if failure:
            self._given_up.set()
        self.finish()

    def finish(self) -> None:
        """Wait until every lead was acknowledged."""
        for thread in self._threads:
            thread.join(GIVE_UP_AFTER)

    def enough(self) -> None:
        """Begin no more leads than were begun already."""
        with self._lock:
            del self.posts[self._next :]

    @property
    def acknowledged(self) -> list[Posted]:
        return [post for post in self.posts if post.id is not None]

    def wait_for(self, count: int) -> None:
        """Wait until that many leads were acknowledged."""
        until = time.monotonic() + GIVE_UP_AFTER
        while len(self.acknowledged) < count:
            assert time.monotonic() < until, f"{len(self.acknowledged)} of {count} leads were acknowledged"
            assert not self.faults, self.faults
            time.sleep(0.02)

    def _send(self) -> None:
        with httpx.Client(base_url=self._stack.url, timeout=ANSWER_WITHIN, trust_env=False) as client:
            while (post := self._take()) is not None:
                self._until_acknowledged(client, post)
                if post.id is not None and int(post.key.rpartition("-")[2]) % self._repeats == 0:
                    self._until_acknowledged(client, post)

    def _take(self) -> Posted | None:
        with self._lock:
            number = self._next
            if number >= len(self.posts) or self._given_up.is_set():
                return None
            self._next += 1
        wait = self._began + number / self._per_second - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        return self.posts[number]

    def _until_acknowledged(self, client: httpx.Client, post: Posted) -> None:
        until = time.monotonic() + GIVE_UP_AFTER
        while not self._given_up.is_set():
            if time.monotonic() > until:
                self.faults.append(f"{post.key} was never acknowledged: {post.refusals}")
                return
            if self._is_acknowledged(client, post):
                return
            time.sleep(random.uniform(0.05, 0.3))

    def _is_acknowledged(self, client: httpx.Client, post: Posted) -> bool:
        post.attempts += 1
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": post.key}
        began = time.monotonic()
        try:
            answer = client.post("/api/v1/leads", json=post.body, headers=headers)
        except httpx.HTTPError:
            # Nobody knows whether it was stored: that is what the key is for.
            return False
        if answer.status_code in _UNAVAILABLE:
            post.refusals.append(answer.status_code)
            if answer.status_code == 503 and "Retry-After" not in answer.headers:
                self.faults.append(f"{post.key}: 503 without Retry-After")
            if answer.status_code == 500:
                self.faults.append(f"{post.key}: {answer.status_code} {answer.text}")
            return False
        if not answer.is_success:
            self.faults.append(f"{post.key}: {answer.status_code} {answer.text}")
            return True
        found = answer.json()["id"]
        if post.id is not None and post.id != found:
            self.faults.append(f"{post.key} was answered with {post.id}, then with {found}")
        if post.id is None:
            post.id, post.acknowledged_at, post.waited = found, time.monotonic(), time.monotonic() - began
        return True


def _lead(number: int) -> dict[str, Any]:
    return {
        "name": f"Customer {number}",
        "phone": f"+1 415 55{number // 10000} {number % 10000:04d}",
        "email": f"customer.{number}@example.com",
        "text": f"Please call me about solar, lead number {number}.",
    }


class Agents:
    """Accepts some of the open offers, declines some and lets the others run out. Use as a context manager.

    Args:
        keys: each agent's own API key, by user id.
        answers: what an agent does about an offer: "accept", "decline" or None for nothing.
    """

    def __init__(self, stack: Stack, keys: dict[str, str], answers: Callable[[dict[str, Any]], str | None]) -> None:
        self._agents = {user_id: Api(stack.url, key) for user_id, key in keys.items()}
        self._answers = answers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.accepted: dict[str, str] = {}
        """Leads whose acceptance was acknowledged, with the agent who has them."""
        self.faults: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Answer no more offers."""
        self._stop.set()
        self._thread.join(GIVE_UP_AFTER)

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            for user_id, agent in self._agents.items():
                try:
                    answer = agent.call("GET", "/offers", params={"state": "open", "user": user_id, "limit": 200})
                except httpx.HTTPError:
                    continue
                if answer.is_success:
                    for offer in answer.json()["items"]:
                        self._answer(agent, offer)

    def _answer(self, agent: Api, offer: dict[str, Any]) -> None:
        verb = self._answers(offer)
        if verb is None:
            return
        try:
            answer = agent.call("POST", f"/offers/{offer['id']}/{verb}", json={})
        except httpx.HTTPError:
            return
        if answer.is_success and verb == "accept":
            before = self.accepted.setdefault(offer["lead_id"], offer["user_id"])
            if before != offer["user_id"]:
                self.faults.append(f"lead {offer['lead_id']} was given to {before} and to {offer['user_id']}")
        elif not answer.is_success and answer.status_code not in (404, 409, *_UNAVAILABLE):
            self.faults.append(f"{verb} {offer['id']}: {answer.status_code} {answer.text}")
