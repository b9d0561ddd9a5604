"""How things travel to and from other systems. What sends messages is imported in workers only."""
