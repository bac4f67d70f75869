"""History: who changed what and when, kept by the database itself."""
