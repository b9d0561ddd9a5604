"""The parts of the API, put together: every call is admitted first."""

from __future__ import annotations

from apiflask import APIBlueprint

from portal.blueprints.api.access import admit
from portal.blueprints.api.company.views import blueprint as company
from portal.blueprints.api.document import docs, show_document
from portal.blueprints.api.keys.views import blueprint as keys
from portal.blueprints.api.leads.views import blueprint as leads
from portal.blueprints.api.offers.views import blueprint as offers
from portal.blueprints.api.outbox.views import blueprint as outbox
from portal.blueprints.api.pools.views import blueprint as pools
from portal.blueprints.api.preview.views import blueprint as preview
from portal.blueprints.api.quarantine_entries.views import blueprint as quarantine_entries
from portal.blueprints.api.replays.views import blueprint as replays
from portal.blueprints.api.roles.views import blueprint as roles
from portal.blueprints.api.rules.views import blueprint as rules
from portal.blueprints.api.sources.views import blueprint as sources
from portal.blueprints.api.tags.views import blueprint as tags
from portal.blueprints.api.teams.views import blueprint as teams
from portal.blueprints.api.users.views import blueprint as users
from portal.extensions import csrf

__all__ = ["api", "docs"]

api = APIBlueprint("api", __name__, url_prefix="/api/v1")
api.before_request(admit)
api.add_url_rule("/openapi.json", "document", show_document)
PARTS = (
    leads, offers, users, teams, roles, pools, rules, preview, replays, company, keys, sources, tags,
    quarantine_entries, outbox,
)  # fmt: skip
for part in PARTS:
    api.register_blueprint(part)
    # A key is sent on purpose, never by a browser by itself: there is nothing to forge.
    csrf.exempt(part)
csrf.exempt(api)
