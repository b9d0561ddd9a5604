"""Signing in and out, and setting a password."""

from portal.blueprints.auth.blueprint import blueprint

__all__ = ["blueprint"]
