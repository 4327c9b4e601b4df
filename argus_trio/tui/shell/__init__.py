"""The whole of the dashboard: which page is shown, the keys of all pages, and what lies over a page. Pure.

    model      the whole as one value
    update     how messages change it, and which effects are left for `effects/`
    tabs       the six pages and their keys
    keys       the keys that every page has
    page_keys  what keys and the mouse do to a page and the whole
    over       what lies over a page and takes the keys: help, a question, the palette, the gateways
    over_keys  what keys and the mouse do there
    palette    what the palette lists
    help       the lines of help
    notice     what is told in the last line but one

Keys go to what lies over the page, else to the keys of all pages unless one is typing, else to the page.
"""
