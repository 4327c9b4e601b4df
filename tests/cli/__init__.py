"""The command line: its parser, its verbs against a gateway of the tests, and as a user drives them."""
