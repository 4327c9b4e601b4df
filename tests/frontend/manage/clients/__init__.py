"""Pages on who is connected, and what is under way for whom."""
