"""The middleware chain that every request passes."""
