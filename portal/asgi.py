"""The web process: what granian serves (see ``portal.supervisor.up.web_command``)."""

from __future__ import annotations

from portal import create_app
from portal.asgi_application import PortalAsgi
from portal.config import Settings

_settings = Settings.from_environ()
_flask = create_app(_settings)
# Here pages have a stream to open.
_flask.extensions["has_events"] = True

app = PortalAsgi(_flask, _settings.redis_url, _settings.secret_key)
