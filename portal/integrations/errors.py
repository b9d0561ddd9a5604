"""What every channel raises when it could not deliver."""

from __future__ import annotations


class DeliveryError(Exception):
    """A message that was not delivered, or not provably so.

    Args:
        words: the provider's own words, for managers to read.
        permanent: trying again would be refused again.
        unconfirmed: everything was handed over, but no answer came: it may have been delivered.
        provider_is_down: this is about the provider, not about the message: others would fail as well.
    """

    def __init__(
        self, words: str, *, permanent: bool = False, unconfirmed: bool = False, provider_is_down: bool = False
    ) -> None:
        self.words = words
        self.permanent = permanent
        self.unconfirmed = unconfirmed
        self.provider_is_down = provider_is_down
        super().__init__(words)
