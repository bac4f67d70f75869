"""Requests that are sent again and done once: the keys that clients give them, and the answers that they got."""
