"""What operations does: the first start, and imports that arrive as uploads."""
