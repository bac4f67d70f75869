"""Writes: one use case a function, keyword-only, each in one transaction."""
