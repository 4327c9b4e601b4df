"""The management API under `/manage/v1/`; what it says is `argus_trio/contract`.

    admission   who is let in: the operator, by token or socket, and whoever MCP knows; pages of other origins are not
    api         from a request to the page of its operation: path, rights, query, body; problems
    request     what a page is asked
    answer      what a page answers, and the problem that it raises
    pages       which page answers which operation
    original    what stands for the paths of the original Argus that are not served
    watch/      what has happened and how much: events, their stream, figures, metrics
    clients/    sessions and exchanges
    described/  what there is: capabilities, isolation, the configuration, documents
    operate/    what changes the running gateway
    calls/      calls of tools, reads and prompts: an edge of its own
    moments     times as the contract has them; `paging` where the next page of a list begins

The other files hold pages as well, one for each group of operations: values of `core/` to bodies of the contract. The
values come from the gateway (`frontend/gateway.py`), at the moment of the request; changes are asked of its `Control`.
"""
