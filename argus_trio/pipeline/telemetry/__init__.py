"""`type: telemetry`: traces and metrics of calls, over OTLP/HTTP. The only room that knows OpenTelemetry, an extra.

- `stage` makes the spans and measures of each call; of its requests to backends too, as its record comes to them.
- `trace_context` finds the trace that a call belongs to, and writes it into what goes to a backend.
- `export` holds the providers of the SDK, whose threads send what was made, and ends them.
- `names` are the names that the semantic conventions give to things, each written once.

`build` imports it when a file asks for it: nothing here is loaded otherwise. What may come in: what OpenTelemetry says
of calls. What is known of a call belongs to `core/call/record.py`, how it ended to `records/outcomes.py`.
"""
