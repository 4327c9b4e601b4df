"""Text to frozen values: the configuration file, every problem in it at once, and its JSON Schema.

The parts, from top to bottom; each imports only what is below it:

- `file` is the file of a running gateway: it reads it again, and knows what the command line says instead;
- `load` makes a `Config` of a text, or raises ConfigInvalid with every problem in file order;
- `check/` judges whether the values make sense together, and whether the files that they name are there;
- `structure/` makes the model's values out of the tree, and the JSON Schema out of the model;
- `read/` reads the text as YAML, fills in `${...}`, finds the secrets, and knows on which line each key stands;
- `model/` holds the frozen classes themselves.

`diff` compares two configurations, `policy` reads the rules of one; both need `model` alone.

What may come in: what the file says and whether it is right. What a value does when the gateway runs belongs to
whoever uses it; PyYAML and cattrs are known to this package only.
"""
