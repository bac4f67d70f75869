"""Writes about people, organizations and sessions."""
