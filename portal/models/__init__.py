"""The tables. Importing this package names them all, so that relationships and migrations see the whole."""

from portal.models.account import Account
from portal.models.audit import AuditEntry
from portal.models.company import Company, Team
from portal.models.contact import Contact, ContactKey
from portal.models.conversion import ContactStatus, Conversion, ConversionStatus, LostReason, StatusGroup, start_lists
from portal.models.decision import Decision
from portal.models.due_work import DueWork, WorkKind
from portal.models.ids import new_id
from portal.models.key import KeptAnswer, Key, KeyScope
from portal.models.lead import Channel, CloseReason, Lead, LeadAlias, LeadState, Source, Touch
from portal.models.message import Cause, Message, MessageChannel, MessageState
from portal.models.offer import Offer, OfferKind, OfferState
from portal.models.pool import EntryKind, LedgerAccount, LedgerEntry, Pool, PoolDefault, PoolMember, PoolTag, TagMember
from portal.models.postcode import Postcode
from portal.models.quarantine import QuarantineEntry
from portal.models.reassignment import Reassignment, ReassignmentState, Trigger
from portal.models.replay import Draft, Replay, ReplayState
from portal.models.role import OwnRole
from portal.models.rule import Rule
from portal.models.rule_set import RuleSet
from portal.models.tag import Tag
from portal.models.timeline import ActorType, EntryEdit, TimelineItem, TimelineKind, Visibility
from portal.models.used_form import UsedForm
from portal.models.user import LeadAccess, Leave, User
from portal.rights import Role
from portal.routing.recognise import KeyKind, ReturningContacts

__all__ = [
    "Account",
    "ActorType",
    "AuditEntry",
    "Cause",
    "Channel",
    "CloseReason",
    "Company",
    "Contact",
    "ContactKey",
    "ContactStatus",
    "Conversion",
    "ConversionStatus",
    "Decision",
    "Draft",
    "DueWork",
    "EntryEdit",
    "EntryKind",
    "KeptAnswer",
    "Key",
    "KeyKind",
    "KeyScope",
    "Lead",
    "LeadAccess",
    "LeadAlias",
    "LeadState",
    "Leave",
    "LedgerAccount",
    "LedgerEntry",
    "LostReason",
    "Message",
    "MessageChannel",
    "MessageState",
    "Offer",
    "OfferKind",
    "OfferState",
    "OwnRole",
    "Pool",
    "PoolDefault",
    "PoolMember",
    "PoolTag",
    "Postcode",
    "QuarantineEntry",
    "Reassignment",
    "ReassignmentState",
    "Replay",
    "ReplayState",
    "ReturningContacts",
    "Role",
    "Rule",
    "RuleSet",
    "Source",
    "StatusGroup",
    "Tag",
    "TagMember",
    "Team",
    "TimelineItem",
    "TimelineKind",
    "Touch",
    "Trigger",
    "UsedForm",
    "User",
    "Visibility",
    "WorkKind",
    "new_id",
    "start_lists",
]
