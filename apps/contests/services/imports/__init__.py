"""Competitions out of files: read and checked as a whole, then loaded whole or not at all."""
