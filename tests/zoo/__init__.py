"""A Django app for tests of soft delete: every kind of key between models, which the domain has not."""
