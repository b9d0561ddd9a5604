"""Pages and API: shells around operations, one folder per area."""
