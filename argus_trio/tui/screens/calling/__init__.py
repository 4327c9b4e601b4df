"""Views of calls: forms, calls under way, results, questions.

    form    any form of a schema: of a tool, or of what it asks
    invoke  the form of a tool, prompt or template
    call    a call and its result
    history all calls of this dashboard
    ask     a question

Their pages are those of `pages/calling`.
As all views they are functions of a page, the world, and how many columns and rows there are.
"""
