"""The views of sessions, organizations and their members."""
