"""What is known of the gateway that is looked at. Pure: messages in, values and effects out.

    world     all of it as one value: the link, the rights, backends, figures, events, calls
    hearing   how messages change it, and what has to be fetched then
    asking    what has changed and is asked again: coalesced, and never often
    entries   tools, prompts, resources and templates, as one list that is searched
    details   all there is to know of one of them, in lines
    outline   a schema in lines
    activity  whether anything is done, as figures say
    history   the latest figures of each backend, for sparklines

What is fetched again, and when, is decided here: after events, and whenever the stream stands anew; never by the clock.
All times are seconds since 1970.
"""
