"""What tests of `core/call` share."""
