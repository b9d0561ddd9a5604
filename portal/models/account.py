"""A person's sign-in: one per person, whatever companies they work for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask_security import UserMixin
from sqlalchemy import CheckConstraint, DateTime, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import Made, Ref, Str
from portal.models.ids import new_id


class Account(UserMixin, db.Model):  # type: ignore[name-defined,misc]
    """What Flask-Security signs in. Belongs to no company, so it is reached only through `queries.across`."""

    __tablename__ = "accounts"

    id: Mapped[Ref] = mapped_column(Uuid, primary_key=True, default=new_id)
    # Lower case, so that one address is one account.
    email: Mapped[Str] = mapped_column(unique=True)
    # An argon2 hash; None until the person has set a password.
    password: Mapped[Str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    # Flask-Security's session id: changing it signs the person out everywhere.
    fs_uniquifier: Mapped[Str] = mapped_column(unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[Made]

    # Rights belong to the user (the membership), never to the account.
    roles: ClassVar[list[str]] = []

    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower_case"),)
