"""Extensions, made unbound here and bound in `create_app`."""

from __future__ import annotations

from flask_htmx import HTMX
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_mail import Mail
from flask_security import Security
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Constraint names follow one pattern, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Nothing expires at commit: an operation's rows are read by the page that called it, after the transaction is over.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
security = Security()
csrf = CSRFProtect()
mail = Mail()
htmx = HTMX()
# Counts in Redis, so that all web processes share it; each for itself while Redis is away. A Redis without memory still
# answers what it knows and only refuses to count: that is logged, and no reason to answer a page with an error.
limiter = Limiter(
    get_remote_address, strategy="sliding-window-counter", in_memory_fallback_enabled=True, swallow_errors=True
)
