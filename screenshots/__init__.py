"""Pictures of every page, made from the demo. `bin/screenshots --help` says how."""
