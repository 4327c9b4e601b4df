"""Modern clients that are asked: a call answered with a request for input goes on until its client comes back.

    parking                begins calls and finds them again; their nursery
    parked_call            one call: its task, and the POST that attends it
    parked_state           the states of a call, as a table
    open_calls             which calls wait for their client, in bounds, by ticket
    open_inputs            what one call asks, and what the answers mean
    notification_buffer    what a call tells while its client is away
    exchange               the POST as the call sees it
    request_state          what a `requestState` says and to whom it means anything
    seal                   the encryption of it, and the one module that knows `cryptography`

(2026-07-28, Multi Round-Trip Requests.) The edge begins a call, attends it, and answers with its outcome or with what
it asks; a retry brings the state back, which names the call by a ticket. A backend's own requests for input pass
through `request_state` as well, sealed once more. Nothing here reads HTTP.
"""
