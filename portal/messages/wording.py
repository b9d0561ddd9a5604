"""What we say, one function per cause. Plain facts in, a letter out; nothing is looked up here.

The offer tells what helps to decide and nothing of the customer: whoever reads over a shoulder, and whoever gets the
mail forwarded, learns no name. Buttons open pages; deciding is a press on the page.
"""

from __future__ import annotations

from portal.messages import telling
from portal.messages.facts import Facts
from portal.messages.letter import Button, Letter


def offer(facts: Facts) -> Letter:
    """A lead is yours if you take it in time."""
    window = facts.window
    until = telling.exact_moment(window.ends_at, facts.zone) if window else None
    how_long = telling.length(window.ends_at - window.opened_at) if window else None
    return Letter(
        subject=f"New lead for you: {_in_short(facts)}",
        paragraphs=(
            "A lead is waiting for your answer.",
            *([f"You have {how_long}: until {until}. After that it goes to the next person."] if window else []),
        ),
        facts=telling.known(facts.lead),
        buttons=_decide(facts),
        after=("Both buttons open a page where you answer. Opening it decides nothing.",),
    )


def last_call(facts: Facts) -> Letter:
    """A lead you missed is still to be had; the first to take it has it."""
    until = f" You have until {telling.exact_moment(facts.window.ends_at, facts.zone)}." if facts.window else ""
    return Letter(
        subject=f"Last call: {_in_short(facts)}",
        paragraphs=(f"You missed this lead, and nobody has taken it since. The first to accept has it.{until}",),
        facts=telling.known(facts.lead),
        buttons=_decide(facts),
        after=("Both buttons open a page where you answer. Opening it decides nothing.",),
    )


def offer_reminder(facts: Facts) -> Letter:
    """An offer of yours is half over."""
    until = f"You have until {telling.exact_moment(facts.window.ends_at, facts.zone)}." if facts.window else None
    return Letter(
        subject=f"Still waiting for you: {_in_short(facts)}",
        paragraphs=_sentences("A lead still waits for your answer.", until),
        facts=telling.known(facts.lead),
        buttons=_decide(facts),
        after=("Both buttons open a page where you answer. Opening it decides nothing.",),
    )


def missed(facts: Facts) -> Letter:
    """The window ended without an answer."""
    ended = f" at {telling.exact_moment(facts.window.ends_at, facts.zone)}" if facts.window else ""
    return Letter(
        subject=f"Missed: {_in_short(facts)}",
        paragraphs=_sentences(f"The time to answer ended{ended}. {_what_became_of_it(facts)}", _another_chance(facts)),
        facts=telling.known(facts.lead),
        buttons=_link("Give me another chance", facts.links.offer) if facts.may_ask_again else (),
    )


def _what_became_of_it(facts: Facts) -> str:
    """Of a lead the recipient missed. As it is when the message is written, which may be long after."""
    if facts.owns:
        return "The lead has become yours since."
    return _WHERE_IT_IS.get(facts.lead_state or "", "Nobody has the lead now.")


_WHERE_IT_IS = {
    "offering": "The lead is on offer to the next person.",
    "unassigned": "Nobody has the lead now; it waits for somebody to take it or to hand it out.",
    "owned": "Somebody else has the lead now.",
    "closed": "The lead has been closed since.",
}


def _another_chance(facts: Facts) -> str | None:
    if not facts.may_ask_again:
        return None
    if facts.lead_state == "offering":
        return "If you still want it, ask for another chance: you are next if they do not take it."
    return "If you still want it, ask for another chance: it is offered to you at once if you can take it."


def assigned(facts: Facts) -> Letter:
    """You are the owner now."""
    return _to_owner(facts, "Lead assigned to you", *_sentences("This lead is yours now.", facts.reason))


def accepted_copy(facts: Facts) -> Letter:
    """What you accepted, to keep."""
    return _to_owner(facts, "You accepted", "Thank you. The lead is yours; here is how to reach the customer.")


def reassigned_away(facts: Facts) -> Letter:
    """You are no longer the owner, or an offer to you was taken back. The lead may be closed, wait, or be another's."""
    return Letter(
        subject=f"No longer yours: {_in_short(facts)}",
        paragraphs=_sentences("This lead is no longer yours. There is nothing left for you to do.", facts.reason),
        facts=telling.known(facts.lead),
    )


def touch(facts: Facts) -> Letter:
    """The customer wrote again."""
    whose = "your lead" if facts.reason is None else "a lead you look after"
    return _to_owner(facts, f"New message on {whose}", *_sentences("The customer has written again.", facts.reason))


def comment(facts: Facts) -> Letter:
    """The other side has said something on a lead."""
    where = "your lead" if facts.owns else "a lead"
    return _remark(facts, f"Comment on {where}", f"has written a comment on {where}.")


def mention(facts: Facts) -> Letter:
    """Somebody has named you in a comment."""
    where = "your lead" if facts.owns else "a lead"
    return _remark(facts, "You were mentioned", f"has mentioned you in a comment on {where}.")


def _remark(facts: Facts, subject: str, what: str) -> Letter:
    """A comment, as long as the recipient may read it; a mail that was delayed must not tell a former owner more."""
    subject = f"{subject}: {_in_short(facts)}"
    if facts.remark is None:
        gone_on = (
            "Somebody has written a comment on a lead that is no longer yours. There is nothing left for you to do."
        )
        return Letter(subject, (gone_on,), telling.known(facts.lead))
    customer = telling.customer_name(facts.remark.customer)
    return Letter(
        subject,
        (f"{facts.remark.author} {what}",),
        facts=(*customer, *telling.known(facts.lead)),
        quote=telling.shortened(facts.remark.text),
        buttons=_link("Open the lead", facts.links.lead),
        after=("Answer on the lead's page, so that everybody concerned can read it.",),
    )


def catch_all(facts: Facts) -> Letter:
    """Nobody took it, and you are a default assignee."""
    return Letter(
        subject=f"Nobody took this lead: {_in_short(facts)}",
        paragraphs=_sentences(
            "Everybody who could be asked was asked, and nobody took this lead. You are told because you are a default "
            "assignee. It waits until somebody takes it or gives it to somebody.",
            facts.reason,
        ),
        facts=telling.known(facts.lead),
        buttons=_link("Open the lead", facts.links.lead),
    )


def alarm(facts: Facts) -> Letter:
    """Something needs a manager."""
    return Letter(
        subject=f"A lead needs you: {_in_short(facts)}",
        paragraphs=_sentences(_ALARMS.get(facts.alarm or "", _ALARMS["nobody"]), facts.reason),
        facts=telling.known(facts.lead),
        buttons=_link("Open the lead", facts.links.lead),
    )


_ALARMS = {
    "nobody": "A lead is waiting and nobody can get it. It is routed by itself as soon as somebody is eligible again; "
    "you can also give it to somebody now.",
    "routing_failed": "A lead came in and could not be handed out because of a fault on our side. It is stored and "
    "waits, and handing it out is tried again; you can also give it to somebody now.",
    "catch_all": "A lead is waiting because nobody took it. The pool's default assignees were told.",
    "fallback": "A lead was given to somebody outside its pool, because nobody in the pool could get it.",
    "reassignment_no_contact": "No contact was logged on your lead in time, so others are asked whether they take it. "
    "It stays yours until somebody does. Log a contact on its page, and nobody is asked any more.",
    "reassignment_by_hand": "Your lead is being handed to somebody else. It stays yours until somebody takes it.",
    "nobody_took_over": "A lead was to go to somebody else, and nobody took it. It stays with its owner.",
    "owner_inactive": "A customer has written again, and the owner of the lead is no longer active.",
}


def account(facts: Facts) -> Letter:
    """A link to set a password, the first time or again."""
    if facts.purpose == "reset":
        return Letter(
            subject="Set a new password",
            paragraphs=("You, or somebody who knows your address, asked for a new password.",),
            buttons=_link("Set a new password", facts.links.account),
            after=("The link works once, for one hour. If you did not ask, do nothing: your password stays as it is.",),
        )
    added = f"{facts.company} has added you to Baton, where leads are handed out."
    subject = f"Your account with {facts.company}"
    if facts.purpose is None:
        # Somebody who works for another company too: a link made for this one would open that one.
        password = "Sign in as you do already. If you have no password yet, ask for one on the sign-in page."  # noqa: S105
        return Letter(subject=subject, paragraphs=(added, password))
    return Letter(
        subject=subject,
        paragraphs=(added,),
        buttons=_link("Set your password", facts.links.account),
        after=("The link works once, for three days. After that, ask for a new one on the sign-in page.",),
    )


def _decide(facts: Facts) -> tuple[Button, ...]:
    if facts.links.offer is None:
        return ()
    return (Button("Accept", facts.links.offer), Button("Decline", facts.links.offer, is_main=False))


def _link(label: str, address: str | None) -> tuple[Button, ...]:
    return () if address is None else (Button(label, address),)


def _to_owner(facts: Facts, subject: str, *paragraphs: str) -> Letter:
    """The whole lead, as long as the recipient owns it; a mail that was delayed must not tell a former owner more."""
    subject = f"{subject}: {_in_short(facts)}"
    if facts.customer is None:
        gone_on = "This lead was yours, and has gone to somebody else since. There is nothing left for you to do."
        return Letter(subject, (gone_on,), telling.known(facts.lead))
    return Letter(
        subject,
        paragraphs,
        facts=(*telling.reachable(facts.customer), *telling.known(facts.lead)),
        quote=telling.shortened(facts.customer.text),
        # The offer's own link needs no signing in for a day after acceptance.
        buttons=_link("Open the lead", facts.links.offer or facts.links.lead),
    )


def _sentences(first: str, more: str | None) -> tuple[str, ...]:
    return (first, more) if more else (first,)


def _in_short(facts: Facts) -> str:
    """Type and area, which is what people sort their mail by; never the customer."""
    parts = (facts.lead.lead_type, telling.area(facts.lead.location))
    return ", ".join(part for part in parts if part) or facts.company
