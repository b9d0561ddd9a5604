"""The log of changes: who changed rights, roles, keys, rules, pools and settings."""

from portal.blueprints.audit.blueprint import blueprint

__all__ = ["blueprint"]
