"""The routes of contests, by what they are about."""
