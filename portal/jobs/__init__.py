"""Shells the queue calls: ids in, one operation called. Everything here may run twice, at once or after a crash."""
