"""Where postcodes are: known to the whole installation, since no company has a map of its own."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Double
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import Str


class Postcode(db.Model):  # type: ignore[name-defined,misc]
    """The centre of a postcode, in degrees. Written in capitals, without spaces and hyphens."""

    __tablename__ = "postcodes"

    # ISO 3166, two capitals.
    country: Mapped[Str] = mapped_column(primary_key=True)
    postcode: Mapped[Str] = mapped_column(primary_key=True)
    lat: Mapped[float] = mapped_column(Double)
    lng: Mapped[float] = mapped_column(Double)

    __table_args__ = (
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("postcode ~ '^[A-Z0-9]{1,20}$'", name="postcode"),
        CheckConstraint("lat BETWEEN -90 AND 90", name="lat"),
        CheckConstraint("lng BETWEEN -180 AND 180", name="lng"),
    )
