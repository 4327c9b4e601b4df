"""The log: what goes to stderr, as lines for people or as JSON lines.

- `setup.py` joins the parts: levels, formats, and what each event passes.
- `processors.py` takes secrets out of events, and from a line for people what would act on a terminal.
- `writer.py` writes the lines in a thread of its own: a stderr that is closed, full or unread holds up nobody.

Everyone else asks structlog for a logger and knows nothing of this. The name of an event and its facts are a promise:
who watches the gateway reads them.
"""
