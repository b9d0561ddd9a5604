"""The leads area: buckets, the lead page, hand-out by hand, closing."""

from portal.blueprints.leads import acts, correcting, hand_out, listing, new, reassigning, views, work  # noqa: F401  (they hang their routes on the blueprint)
from portal.blueprints.leads.blueprint import blueprint

__all__ = ["blueprint"]
