"""What stands around a page, and over it.

    head  the first line: gateway, connection, rights, what is under way
    foot  the last line: the keys that are used most
    over  help, a question, the palette, the gateways, what was told

Each is made of the model alone, as wide as the terminal is. What does not fit is cut, and says so: all keys are in
help, and a notice is whole in the list of what was told.

Whatever others wrote passes `manage_client/clean.py` here too: names of gateways, reasons, descriptions.
"""
