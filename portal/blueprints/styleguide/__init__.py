"""All components on one page, for those who build pages."""

from portal.blueprints.styleguide.blueprint import blueprint

__all__ = ["blueprint"]
