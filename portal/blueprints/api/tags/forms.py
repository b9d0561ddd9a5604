"""What is sent about tags."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Form, Text, Whole
from portal.operations.tags import GREATEST_WEIGHT
from portal.routing.tags import TagKind

KINDS = """`preferential` speaks for those who carry it; of the `exclusive` tags in a lead its agent carries at least
one; of the `required` ones every one."""


class TagForm(Form):
    """A tag's fields, each as wanted."""

    text = Text()
    kind = Choice(TagKind, metadata={"description": KINDS})
    weight = Whole(least=0, most=GREATEST_WEIGHT)


class NewTagForm(TagForm):
    """A new tag. Without a word, preferential, with a weight of 50."""

    text = Text(required=True)
