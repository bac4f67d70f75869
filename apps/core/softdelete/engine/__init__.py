"""The SQL of soft delete: one statement for each model that a deletion touches, however many its rows."""
