"""The people every test talks about: owner, manager, agent, colleague, and the other company's stranger."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from apiflask import APIFlask
from werkzeug.test import TestResponse

from portal import models
from portal.extensions import db
from portal.models.tenancy import inside_company


class Api:
    """A client of `/api/v1` that holds one key. Paths are given without that prefix."""

    def __init__(self, app: APIFlask, key: str | None) -> None:
        self._client = app.test_client(use_cookies=False)
        self.key = key

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.call("PATCH", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.call("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """One request; options as in werkzeug's client, `headers` added to the key's."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        headers |= options.pop("headers", {})
        if options.get("json") is None:
            options.pop("json", None)
        return self._client.open(f"/api/v1{path}", method=method, headers=headers, **options)


@dataclass(frozen=True)
class Person:
    """One user of one company, as plain facts that stay good outside any session."""

    app: APIFlask = field(repr=False)
    company_id: UUID
    id: UUID
    account_id: UUID
    name: str
    email: str

    def user(self) -> models.User:
        """The row itself, in the running session; the company must have been entered."""
        user = db.session.get(models.User, (self.company_id, self.id))
        assert user is not None
        return user

    def key(self, scope: str = "full") -> str:
        """A new API key acting as this person."""
        secret = f"bt_{scope}_{secrets.token_urlsafe(32)}"
        with self.app.app_context(), inside_company(self.company_id):
            db.session.add(
                models.Key(
                    company_id=self.company_id,
                    user_id=self.id,
                    scope=scope,
                    digest=hashlib.sha256(secret.encode("ascii")).digest(),
                    hint=secret[:12],
                )
            )
            db.session.commit()
        return secret

    @cached_property
    def api(self) -> Api:
        """The API with a full key of this person."""
        return Api(self.app, self.key())

    @cached_property
    def intake(self) -> Api:
        """The API with an intake key of this person."""
        return Api(self.app, self.key("intake"))


@dataclass(frozen=True)
class Company:
    """A company and its cast."""

    app: APIFlask = field(repr=False)
    id: UUID
    name: str
    owner: Person
    manager: Person
    agent: Person
    colleague: Person
    default_rule_id: UUID

    @contextmanager
    def inside(self) -> Iterator[None]:
        """An application context whose session sees this company: for calling operations and reading rows."""
        with self.app.app_context(), inside_company(self.id):
            yield


def make_company(app: APIFlask, name: str, **settings: Any) -> Company:
    """A company with its cast and a default rule that points at no pool.

    Args:
        settings: columns of the company that differ from their defaults.
    """
    from tests.factories import people_in

    company_id, rule_id = models.new_id(), models.new_id()
    cast = (
        ("Olive Owner", ["owner"]),
        ("Mara Manager", ["manager"]),
        ("Ana Agent", ["agent"]),
        ("Ben Colleague", ["agent"]),
    )
    with app.app_context(), inside_company(company_id):
        db.session.add(models.Company(id=company_id, name=name, **settings))
        db.session.flush()
        everything_else: dict[str, Any] = {"name": "Everything else", "conditions": {}, "strictness": {}}
        db.session.add(models.Rule(company_id=company_id, id=rule_id, is_default=True, **everything_else))
        db.session.add_all(models.start_lists(company_id))
        people = people_in(app, company_id, cast)
        db.session.commit()
    return Company(app, company_id, name, *people, default_rule_id=rule_id)
