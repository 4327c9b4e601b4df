"""What a tool asks while it is called, asked of who sits at the terminal.

    form          the fields of an elicitation's schema, and what each takes: sans I/O
    prompt        a line typed by the user, unless the call ends or the question is taken back meanwhile
    elicitation   the conversation: what is asked and by whom, the fields, and whether it is sent, declined or cancelled
    answers       which of a call's questions is answered by whom: elicitation by the user, roots by the options

Nothing is sent that the user has not seen, no URL is opened, and a question that is left is answered with `cancel`.
"""
