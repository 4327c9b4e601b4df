"""What changes the running whole: reload, and what asks for it."""
