"""Writes about what leaves Podium."""
