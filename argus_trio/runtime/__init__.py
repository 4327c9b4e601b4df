"""What the running whole tells its surroundings, and what changes it."""
