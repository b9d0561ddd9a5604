"""What is announced: an offer or a lead that changed, and who may be told. Nothing of a customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

_PREFIX = "baton:live:"

EVERY_CHANNEL = f"{_PREFIX}*"


class OfferNews(msgspec.Struct, array_like=True, frozen=True, tag="offer"):
    """An offer was made, opened or ended.

    Args:
        version: grows with every change of the offer (microseconds of the database's clock).
        user_id: the agent it is made to.
    """

    id: UUID
    version: int
    user_id: UUID


class LeadNews(msgspec.Struct, array_like=True, frozen=True, tag="lead"):
    """A lead is new or changed.

    Args:
        version: grows with every change of the lead (microseconds of the database's clock).
        owners: who owns it now, and who did before where that changed; None = nobody.
        teams: whose it is now, and whose it was before; None = no team's.
        called: default assignees it calls for, whatever else they see.
    """

    id: UUID
    version: int
    owners: tuple[UUID | None, ...]
    teams: tuple[UUID | None, ...] = (None,)
    called: tuple[UUID, ...] = ()


News = OfferNews | LeadNews

_decoder = msgspec.json.Decoder(list[News])


def channel_of(company_id: UUID) -> str:
    """Where a company's news is told."""
    return f"{_PREFIX}{company_id}"


def company_of(channel: bytes) -> bytes:
    """The company in a channel's name, as text in bytes."""
    return channel[len(_PREFIX) :]


def encoded(news: Sequence[News]) -> bytes:
    """News as it travels."""
    return msgspec.json.encode(news)


def decoded(message: bytes) -> list[News]:
    """News as it arrived. Raises msgspec.DecodeError for anything we did not send."""
    return _decoder.decode(message)
