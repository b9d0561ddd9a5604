"""Reads, named as questions."""
