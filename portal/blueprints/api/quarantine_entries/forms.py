"""What is sent about the lists of the quarantine."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Form, Line
from portal.operations.quarantine_lists import LONGEST_ENTRY
from portal.routing.quarantine import Clue, Verdict


class NewEntryForm(Form):
    """A new line: on which list, what it is, and how it is written.

    A domain covers all below it. A text is looked for in the lead's subject, and in its text where it has none.
    """

    verdict = Choice(Verdict, required=True)
    clue = Choice(Clue, required=True)
    text = Line(LONGEST_ENTRY, required=True)
