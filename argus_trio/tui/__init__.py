"""`argus-trio tui`: a running gateway on a terminal, by its management API and nothing else.

    run        the program: one nursery, the model, what it tells and is told
    message    what happens, as values: keys, answers, events
    effect     what is to be done, as values: requests, calls, files, another page
    step       what an update comes to: a value and its effects
    servers    the gateways of `servers.yaml`
    parts/     small values that all of it is made of: pure
    state/     what is known of the gateway, and how messages change it: pure
    pages/     what each page knows for itself, and how messages change it: pure
    form/      a form of a JSON Schema: fields, what is typed, what is wrong with it: pure
    calls/     calls under way, what they ask, results, history: pure
    shell/     the whole: which page is shown, keys of all pages, help, palette, questions: pure
    screens/   a view for each page and for the shell: values to widgets, no state of their own
    kit/       the widgets that views are made of
    effects/   effects done: one task each, in one nursery
    terminal/  the terminal: urwid's loop and screen, palettes, how it is left

A key or an answer becomes a message; `shell/update.py` makes a new model of it, and effects; a view shows the model.
"""
