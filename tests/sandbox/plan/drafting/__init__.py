"""Tests of argus_trio.sandbox.plan.drafting."""
