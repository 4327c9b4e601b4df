"""Room of `backends/subscriptions`."""
