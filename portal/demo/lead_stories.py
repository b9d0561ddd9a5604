"""What happens to one lead, told step by step: each `yield` is the time it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from portal.demo.cast import SPAMMERS
from portal.demo.customers import AGAIN, LATER
from portal.demo.feedback import Timed, conclude, working
from portal.demo.plan import Answer, Becomes, Comes, Plan, next_office_hour
from portal.demo.scene import Running, Scene
from portal.demo.told_time import Story
from portal.extensions import db
from portal.models import CloseReason, ContactKey, LeadState, User
from portal.operations import assignment, closing, company, offers, releasing, taking

_NO_THANKS = ("too far", "no time today", "I know them privately", "not my kind of roof", "already three visits today")
_NOTES = {
    CloseReason.WON: (
        "Signed for 7.6 kW.",
        "Signed, install in three weeks.",
        None,
        "Battery added at the last minute.",
    ),
    CloseReason.DECLINED: ("Went with a cheaper quote.", "Too expensive for now.", None, "Wants to wait a year."),
    CloseReason.NO_ANSWER: ("Five calls, two mails.", None, None),
    CloseReason.NOT_VALID: ("Rents the house.", "Wanted a pool heater.", None),
    CloseReason.DUPLICATE: ("Asked twice under two names.", None),
    CloseReason.OPTED_OUT: ("Asked not to be called again.", None),
    CloseReason.OTHER: ("Moved out of state.", "Sold the house.", "Roof has to be redone first."),
}
_ADVERTISING = "2,000 fresh homeowner leads in Texas, exclusive this week. Reply YES for a sample list."
_A_MOMENT = timedelta(seconds=1)


def lead_story(scene: Scene, plan: Plan, asked: dict[str, Any]) -> Story:
    """From the first message to today.

    Args:
        asked: the message.
    """
    lead_id = _comes_in(scene, plan, asked)
    yield scene.told.now + _A_MOMENT
    yield from _let_go(scene, plan, lead_id)
    yield from _answered(scene, plan, lead_id)
    yield from _left_alone(scene, plan, lead_id)
    if scene.owner_of(lead_id) is None:
        return
    yield from _worked(scene, plan, lead_id)
    if plan.closes is not None and plan.comes_back:
        yield from _comes_back(scene, asked)


def _comes_in(scene: Scene, plan: Plan, asked: dict[str, Any]) -> UUID:
    if plan.becomes is Becomes.HELD:
        return _held(scene, asked)
    if plan.becomes is Becomes.QUARANTINED:
        sent = {"email": f"offers-{plan.at:%d%H%M}@{SPAMMERS}", "text": _ADVERTISING, "channel": "email"}
        return scene.take_in(asked | sent | {"source": "hello@ mailbox"}).lead_id
    if plan.comes is Comes.NAMED:
        return scene.take_in(
            asked | {"source": "Partner portal", "channel": "api"}, assignee=scene.somebody().email
        ).lead_id
    if plan.comes is Comes.KEPT:
        by = scene.random.choice((scene.manager, scene.staff["Grace"]))
        return scene.take_in(asked, by=by, keep=True).lead_id
    return scene.take_in(asked).lead_id


def _held(scene: Scene, asked: dict[str, Any]) -> UUID:
    """A lead that comes while managers want to see each; the settings are back before the next one comes."""
    company.change_company(by=scene.owner, manual_intercept=True)
    lead_id = scene.take_in(asked).lead_id
    company.change_company(by=scene.owner, manual_intercept=False)
    return lead_id


def _let_go(scene: Scene, plan: Plan, lead_id: UUID) -> Story:
    if plan.becomes is Becomes.HELD:
        yield scene.told.now + timedelta(minutes=11)
        releasing.release(lead_id, by=scene.manager)
        yield scene.told.now + _A_MOMENT


def _answered(scene: Scene, plan: Plan, lead_id: UUID) -> Story:
    """Offers, one after the other, until somebody takes the lead or nobody is left."""
    answers = iter(plan.answers)
    while (offer := scene.open_offer(lead_id)) is not None:
        answer = next(answers, Answer.ACCEPT)
        if answer is Answer.NOBODY:
            return
        yield from _answer(scene, answer, offer)


def _answer(scene: Scene, answer: Answer, offer: Running) -> Story:
    random, agent = scene.random, scene.user(offer.user_id)
    if answer in (Answer.ACCEPT, Answer.DECLINE):
        yield scene.told.now + timedelta(seconds=random.triangular(9, 280, 45))
        offers.mark_seen(offer.id)
        if not _still_runs(scene, offer):
            return
        if answer is Answer.ACCEPT:
            offers.accept(offer.id, by=agent)
        else:
            offers.decline(offer.id, by=agent, reason=random.choice((*_NO_THANKS, None)))
        return
    # The pulse finds it a moment after its end.
    yield scene.told.now + timedelta(seconds=_window(scene, offer) + random.uniform(0.1, 0.4))
    if not _still_runs(scene, offer):
        return
    scene.run_out(offer)
    if answer is Answer.MISS_AND_ASK:
        yield scene.told.now + timedelta(seconds=random.uniform(20, 45))
        if scene.open_offer(offer.lead_id) is not None:
            offers.ask_again(offer.id, by=agent)


def _still_runs(scene: Scene, offer: Running) -> bool:
    """Somebody may have left the company meanwhile, and their offers with them."""
    running = scene.open_offer(offer.lead_id)
    return running is not None and running.id == offer.id


def _window(scene: Scene, offer: Running) -> int:
    return next(pool.window_seconds for pool in scene.pools.values() if pool.id == offer.pool_id)


def _left_alone(scene: Scene, plan: Plan, lead_id: UUID) -> Story:
    """What nobody owns yet after that: it waits, or somebody hands it out when they come to work."""
    random, manager = scene.random, scene.manager
    if plan.becomes is Becomes.RECALLED:
        offer = scene.open_offer(lead_id)
        if offer is not None:
            yield scene.told.now + timedelta(seconds=random.uniform(40, 120))
            offers.recall(offer.id, by=manager)
    elif plan.becomes is Becomes.GIVEN:
        yield scene.told.now + timedelta(seconds=random.uniform(40, 150))
        assignment.assign(lead_id, scene.somebody().id, by=manager)
    elif plan.becomes is Becomes.PUT_ASIDE:
        yield next_office_hour(scene.told.now + timedelta(hours=random.uniform(2, 20)), random)
        if scene.owner_of(lead_id) is not None:
            assignment.assign(lead_id, None, by=manager)
    elif plan.becomes is Becomes.HANDED_OUT and scene.state_of(lead_id)[0] == LeadState.UNASSIGNED:
        yield next_office_hour(scene.told.now + timedelta(minutes=random.uniform(15, 90)), random)
        _hand_out(scene, lead_id)


def _hand_out(scene: Scene, lead_id: UUID) -> None:
    """Grace, who was told as a default assignee, takes some herself; Marco gives the others to somebody."""
    lead = scene.lead(lead_id)
    if lead.state != LeadState.UNASSIGNED:
        return
    if lead.waiting_for == "catch_all" and scene.random.random() < 0.3:
        taking.take(lead_id, by=scene.staff["Grace"])
    else:
        assignment.assign(lead_id, scene.somebody().id, by=scene.manager)


def _worked(scene: Scene, plan: Plan, lead_id: UUID) -> Story:
    """From the day somebody owns it: what they do, what the customer writes, and how it ends."""
    begun = scene.told.now
    ends = scene.told.until
    if plan.closes is not None:
        scene.ends.add(lead_id)
        ends = _part(scene, begun, plan.closes_after)
    for at, act in sorted(_acts(scene, plan, lead_id, ends), key=lambda one: one[0]):
        if at >= ends:
            break
        yield max(at, begun)
        owner = scene.owner_of(lead_id)
        if owner is not None:
            act(owner)
    if plan.closes is None:
        return
    yield ends
    # Whoever had it may have left, and nobody has it yet.
    owner = scene.owner_of(lead_id)
    _close(scene, plan, lead_id, owner or scene.manager)
    if plan.reopens and owner is not None:
        owner_id = owner.id
        yield _part(scene, scene.told.now, 0.5)
        # Of somebody who has left since, it would come back to nobody and wait, which other leads do already.
        if scene.user(owner_id).active:
            closing.reopen(lead_id, by=scene.manager)


def _acts(scene: Scene, plan: Plan, lead_id: UUID, ends: datetime) -> Iterator[Timed]:
    """What happens while it is worked, each with its time; all of it before it is closed."""
    random, begun = scene.random, scene.told.now
    yield from working(scene, plan, lead_id, ends)
    asked = _reached_by(scene, lead_id)
    for said in random.sample(AGAIN, plan.touches):
        yield begun + (ends - begun) * random.uniform(0.03, 0.9), partial(_write_again, scene, asked, said)
    if plan.changes_hands:
        at = next_office_hour(begun + (ends - begun) * random.uniform(0.1, 0.8), random)
        yield at, partial(_give_on, scene, lead_id)


def _reached_by(scene: Scene, lead_id: UUID) -> dict[str, Any]:
    contact_id = scene.lead(lead_id).contact_id
    rows = db.session.scalars(db.select(ContactKey).where(ContactKey.contact_id == contact_id)).all()
    return {row.kind: row.raw for row in rows if row.kind in ("phone", "email")}


def _write_again(scene: Scene, reached_by: dict[str, Any], said: str, owner: User) -> None:
    channel = scene.random.choice(("email", "email", "sms", "web"))
    source = {"email": "hello@ mailbox", "sms": "Text line", "web": "Website form"}[channel]
    scene.take_in(reached_by | {"text": said, "channel": channel, "source": source})


def _give_on(scene: Scene, lead_id: UUID, owner: User) -> None:
    assignment.assign(lead_id, scene.somebody(but=owner.id).id, by=scene.manager)


def _close(scene: Scene, plan: Plan, lead_id: UUID, owner: User) -> None:
    assert plan.closes is not None
    by = scene.manager if plan.closes is CloseReason.DUPLICATE else owner
    conclude(scene, plan, lead_id, by)
    closing.close(lead_id, reason=plan.closes, note=scene.random.choice(_NOTES[plan.closes]), by=by)


def _comes_back(scene: Scene, asked: dict[str, Any]) -> Story:
    """The same person with something new: another lead, and to somebody they know if that person is there."""
    yield _part(scene, scene.told.now, scene.random.uniform(0.2, 0.8))
    again = {"text": scene.random.choice(LATER), "source": "Website form", "channel": "web"}
    plan = replace(Plan(), closes=scene.random.choice((None, None, CloseReason.WON)), closes_after=0.6, feedback=True)
    lead_id = scene.take_in(asked | again).lead_id
    yield scene.told.now + _A_MOMENT
    yield from _answered(scene, plan, lead_id)
    if scene.owner_of(lead_id) is not None:
        yield from _worked(scene, plan, lead_id)


def _part(scene: Scene, begun: datetime, part: float) -> datetime:
    """So far on the way from then to today, in somebody's hours of work where that leaves time enough."""
    at = begun + (scene.told.until - begun) * part
    office = next_office_hour(at, scene.random)
    return office if office < scene.told.until - timedelta(minutes=20) else at
