"""Flask alone, for WSGI servers such as gunicorn (``gunicorn --threads 8 portal.wsgi:app``).

Without the live-update streams of ``portal.asgi`` pages fall back to asking now and then.
"""

from __future__ import annotations

from portal import create_app

app = create_app()
