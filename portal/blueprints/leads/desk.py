"""What the lead page shows, gathered for its templates: facts, what the viewer may do, and the forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, session

from portal.blueprints.distribution.wording import if_a_lead_came
from portal.blueprints.leads import wording
from portal.blueprints.leads.forms import MANAGERS_ONLY, Attempt, Close, Edit, Entry, Feedback
from portal.extensions import db
from portal.models import Company, LeadState, TimelineKind, User
from portal.operations.releasing import KEPT_BACK
from portal.permissions import Right, is_asked_to_take, manages, may, may_hand_out, may_reassign, may_take, may_work_on
from portal.queries.choices import assignees
from portal.queries.clock import database_time
from portal.queries.conversion import ConversionView, conversion_of, lost_reasons, statuses
from portal.queries.decisions import decisions, eyes_of
from portal.queries.lead_views import LeadView
from portal.queries.leaves import cover_in_words
from portal.queries.offers import running_offer
from portal.queries.people import admin_contact_ids
from portal.queries.reassignments import reassignments_shown
from portal.queries.timeline import entries_page
from portal.queries.what_if import decision_on
from portal.sign_in import current_company, signed_in_user

ENTRIES_SHOWN = 30
DECISIONS_SHOWN = 20
# In the session: keys of forms whose words were written, so that their drafts can be forgotten.
WRITTEN = "written_forms"


@dataclass(frozen=True, slots=True)
class Forms:
    """The page's forms as they stand after a try; None = fresh."""

    close: Close | None = None
    entry: Entry | None = None
    attempt: Attempt | None = None
    feedback: Feedback | None = None
    edited: UUID | None = None
    edit: Edit | None = None


def desk_of(lead: LeadView, forms: Forms) -> dict[str, Any]:
    """Everything of the lead page. While the lead is masked: its head, and who may take it."""
    user, company = signed_in_user(), current_company()
    may_assign = may_hand_out(user, lead.id)
    offer = running_offer(company.id, lead.id) if lead.state == LeadState.OFFERING else None
    running = reassignments_shown([lead.id]).get(lead.id) if lead.state == LeadState.OWNED else None
    may_give = may_assign and lead.state != LeadState.CLOSED and running is None
    desk = {
        **_common(lead, company),
        "offer": offer,
        "badge": wording.state_badge(lead.state, lead.waiting_for, lead.close_reason),
        "assignees": assignees(company.id) if may_give else [],
        "may_assign": may_assign,
        "may_take": _may_take(user, lead, is_reassigned=running is not None),
        "running": running,
        "may_reassign": _may_reassign(user, lead) and running is None,
        "may_cancel": running is not None and may(user, Right.ASSIGN),
        **_kept_back(user, company, lead),
        "cover": _cover(lead, company),
        "works": False,
    }
    if lead.masked:
        return desk
    works = may_work_on(user, lead)
    conversion = conversion_of(user, lead.id)
    return {
        **desk,
        **stream_of(lead, forms),
        "decisions": decisions(company.id, lead.id, DECISIONS_SHOWN, for_eyes_of=eyes_of(user)),
        "works": works,
        "may_correct": lead.owner_id == user.id or may_assign,
        "close_form": forms.close or Close(formdata=None),
        "entry_form": (forms.entry or Entry(formdata=None)).offer(kinds_to_write(user, lead)),
        "written": session.pop(WRITTEN, ""),
        "comment_tells": _comment_tells(user, lead),
        "attempt_form": forms.attempt or Attempt(formdata=None),
        "conversion": conversion,
        "feedback": _feedback(forms, conversion, company) if works else None,
    }


def _may_reassign(user: User, lead: LeadView) -> bool:
    return lead.state == LeadState.OWNED and not lead.masked and may_reassign(user, lead.owner_id)


def _may_take(user: User, lead: LeadView, *, is_reassigned: bool) -> bool:
    if lead.owner_id == user.id or lead.state == LeadState.CLOSED:
        return False
    # While a lead is being reassigned, only those it is meant for take it, whatever rights others have.
    return is_asked_to_take(user, lead.id) if is_reassigned else may_take(user, lead.id)


def _cover(lead: LeadView, company: Company) -> str | None:
    """Who looks after it for an owner who is away."""
    if lead.state != LeadState.OWNED or lead.owner_id is None:
        return None
    return cover_in_words(db.session.get_one(User, (company.id, lead.owner_id)))


def stream_of(lead: LeadView, forms: Forms | None = None) -> dict[str, Any]:
    """The stream of what happened: one kind or all, from where the address says."""
    user, company = signed_in_user(), current_company()
    group = request.args.get("kind", "")
    kinds = wording.KIND_GROUPS[group][1] if group in wording.KIND_GROUPS else None
    cursor = request.args.get("cursor") if request.method == "GET" else None
    return {
        **_common(lead, company),
        "group": group if kinds else "",
        "cursor": cursor,
        "groups": [(key, name) for key, (name, _) in wording.KIND_GROUPS.items()],
        "timeline": entries_page(user, lead.id, kinds, cursor, ENTRIES_SHOWN),
        "edited": forms.edited if forms else None,
        "edit_form": forms.edit if forms else None,
    }


def kinds_to_write(user: User, lead: LeadView) -> list[tuple[str, str]]:
    """What the viewer may write on a lead, the usual first."""
    kinds = [(TimelineKind.MEMO.value, "Memo")]
    if may_work_on(user, lead):
        kinds.insert(0, (TimelineKind.COMMENT.value, "Comment"))
    if manages(user):
        kinds.append((MANAGERS_ONLY, "Memo for managers"))
    return kinds


def _kept_back(user: User, company: Company, lead: LeadView) -> dict[str, Any]:
    """Why a lead is kept back, and to whoever may let it go who would get it."""
    if lead.state not in KEPT_BACK:
        return {"may_release": False}
    now = database_time()
    told = {"may_release": may(user, Right.ASSIGN), "kept": wording.kept_back(lead, now, ZoneInfo(company.time_zone))}
    if told["may_release"]:
        told["would_get"] = if_a_lead_came(decision_on(company.id, lead.id))
    return told


def _common(lead: LeadView, company: Company) -> dict[str, Any]:
    now = database_time()
    # A part of an open page is put anew when this differs: when something happened, and now and then for its times.
    state = f"{lead.last_activity_at.isoformat()} {now:%H}{now.minute // 10}"
    return {
        "lead": lead,
        "words": wording,
        "now": now,
        "clock_zone": ZoneInfo(company.time_zone),
        "state_of_page": state,
    }


def _feedback(forms: Forms, conversion: ConversionView | None, company: Company) -> Feedback:
    # Who works on a lead sees it unmasked.
    assert conversion is not None
    form = forms.feedback or Feedback.showing(conversion, company.currency)
    return form.offer(statuses(), lost_reasons())


def _comment_tells(user: User, lead: LeadView) -> str:
    """Whom a comment would tell, in a sentence."""
    if lead.owner_id == user.id:
        return "It tells the admin contacts." if admin_contact_ids(user.company_id) else "It tells your managers."
    if lead.owner_name and lead.owner_active:
        return f"It tells {lead.owner_name}."
    return "Nobody owns this lead, so it tells nobody yet." if lead.owner_id is None else "Its owner has left."
