"""How contests and what is in them look from outside."""
