"""docs/limits.md says of the bounds what the code holds to."""

from __future__ import annotations

import re

import pytest

from argus_trio.backends.connection import inbound, input_required, notification_queue, server_requests
from argus_trio.backends.connection import open as opening
from argus_trio.backends.connection import task_notifications as tasks_told
from argus_trio.backends.connectivity import recovery, start_turns
from argus_trio.backends.links import http_sse, stderr
from argus_trio.backends.links import open as links
from argus_trio.backends.listings import pages, rounds
from argus_trio.backends.process import orphans, usage
from argus_trio.cli.arguments import coming
from argus_trio.cli.isolated import command as isolation_command
from argus_trio.cli.isolated import plans
from argus_trio.client_files import jsonc
from argus_trio.client_files import opening as client_opening
from argus_trio.client_files import places as client_places
from argus_trio.client_files.changing import replacing
from argus_trio.client_files.dialects import context as dialect_context
from argus_trio.client_files.dialects import values as dialect_values
from argus_trio.config.model.container import Container
from argus_trio.contract import capabilities as capability_types
from argus_trio.contract import operation, sockets
from argus_trio.core import backend_log, figures, journal, memory, open_exchanges
from argus_trio.core.access import forwarded, lock_out, policy
from argus_trio.core.access.conditions import condition, paths
from argus_trio.core.call import aims, tasks, via
from argus_trio.core.catalog import given_uris, identity, paging, restricted, uris
from argus_trio.core.egress import attempts
from argus_trio.core.rates import buckets, first_uses
from argus_trio.core.rates.gcra import NANOSECONDS
from argus_trio.doctor import examination
from argus_trio.doctor import running as doctor_running
from argus_trio.doctor.backends import closer, own_address, questions, trial, trust, way
from argus_trio.frontend import app as front
from argus_trio.frontend.edges import http_sse as sse_edge
from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.reply import KEEP_ALIVE_SECONDS
from argus_trio.frontend.input_required import notification_buffer, open_calls, request_state
from argus_trio.frontend.manage import admission, api, tree
from argus_trio.frontend.manage import backends as manage_backends
from argus_trio.frontend.manage import status as manage_status
from argus_trio.frontend.manage.calls import exchange as call_exchange
from argus_trio.frontend.manage.watch import encoded, feed
from argus_trio.frontend.manage.watch import figures as watched_figures
from argus_trio.frontend.notifications import outbox
from argus_trio.frontend.server import transport, unix_socket
from argus_trio.frontend.sessions import client_requests, dispatch, event_store, subscriptions, table
from argus_trio.importing import naming as import_naming
from argus_trio.importing.original import accept
from argus_trio.importing.original import naming as original_naming
from argus_trio.logs import writer
from argus_trio.manage_client import token, where
from argus_trio.net import cookies, dial, http1, http_client, pool, refusal
from argus_trio.pipeline import lifetime
from argus_trio.pipeline.authentication import (
    jwt_keys,
    key_fetch,
    key_source,
    readers,
    stage,
    verified_tokens,
)
from argus_trio.pipeline.limits import rate_limit
from argus_trio.pipeline.telemetry import export
from argus_trio.runtime import pipelines, stopping
from argus_trio.runtime.changes import backend_changes, candidate, check_config, file_difference, reload, turns
from argus_trio.sandbox import standing
from argus_trio.sandbox.container import attached, program, start
from argus_trio.sandbox.container import life as container_life
from argus_trio.sandbox.egress import filter as egress_filter
from argus_trio.sandbox.egress import outward
from argus_trio.sandbox.engine import bridge, control, failure, introduction, look, machine, probe
from argus_trio.sandbox.engine import client as engine_client
from argus_trio.sandbox.engine.reaping import reaper
from argus_trio.sandbox.image import building, images, ready
from argus_trio.sandbox.image.making import build_log, context, installation
from argus_trio.sandbox.plan import profile
from argus_trio.sandbox.plan.drafting import image_run, services
from argus_trio.sandbox.plan.mounting import mounts
from argus_trio.sandbox.plan.mounting import paths as named_paths
from argus_trio.sandbox.plan.outcome import ResourceLimits
from argus_trio.sandbox.shim import network as shim_network
from argus_trio.verbs import arguments
from argus_trio.verbs.ask import elicitation, form, prompt
from argus_trio.verbs.link import client, connection, pump, stream
from argus_trio.verbs.link import pages as link_pages
from argus_trio.wire import envelope, members
from tests.e2e.child import ROOT

LIMITS = Limits(body_bytes=0)
LIMITS_OF_CONTAINER = ResourceLimits(memory=0, cpus=1, pids=1)


def kib(count: int) -> str:
    return f"{count // 1024} KiB"


def mib(count: int) -> str:
    return f"{count // 1024**2} MiB"


def gib(count: int) -> str:
    return f"{count // 1024**3} GiB"


def seconds(count: float) -> str:
    return f"{count:g} s"


SAID: dict[str, tuple[object, ...]] = {
    "bytes kept for clients": (mib(memory.MEMORY_BYTES),),
    "results nobody fetches": (seconds(table.ABANDONED_SECONDS),),
    "requests in flight |": (LIMITS.requests,),
    "connections |": (LIMITS.connections,),
    "unused sessions": (mib(table.UNUSED_BYTES),),
    "delivered events": (mib(memory.DELIVERED_BYTES),),
    "calls that wait for their client": (
        open_calls.MAX_PARKED,
        open_calls.MAX_PARKED_EACH,
        seconds(request_state.STATE_LIFE_SECONDS),
    ),
    "tasks known": (f"{tasks.MAX_TASKS:,}", tasks.MAX_TASKS_OF_ONE),
    "how long a head, and": tuple(map(seconds, (LIMITS.head, LIMITS.body_stall, LIMITS.body_total))),
    "how long a TLS handshake": (seconds(transport.HANDSHAKE_SECONDS),),
    "how long a connection may idle": (seconds(LIMITS.keep_alive),),
    "how long it may take to read the next": (kib(transport.WRITE_BYTES), seconds(LIMITS.write)),
    "an id, a progress token": (kib(members.MAX_ID_BYTES),),
    "a method, the name": (kib(members.MAX_NAME_BYTES),),
    "depth of a message": (envelope.MAX_DEPTH,),
    "messages of one batch": (envelope.MAX_BATCH, mib(dispatch.MAX_BATCH_BYTES)),
    "subscriptions of a session": (subscriptions.MAX_SUBSCRIPTIONS, mib(subscriptions.MAX_SUBSCRIPTION_BYTES)),
    "URIs, or tasks": (aims.MAX_URIS,),
    "calls in flight of an": (sse_edge.MAX_CALLS,),
    "what it is asked at a time": (client_requests.MAX_OPEN,),
    "how long a legacy client may be": (seconds(client_requests.STREAM_SECONDS),),
    "how long it may take to answer": (seconds(server_requests.ASK_LIMIT_SECONDS),),
    "events kept for a session": (event_store.MAX_EVENTS, mib(event_store.MAX_BYTES)),
    "answers waiting on one": (mib(outbox.MAX_WAITING_BYTES),),
    "notifications waiting for one client": (
        mib(notification_queue.CAPACITY_BYTES),
        notification_queue.CAPACITY,
    ),
    "notifications of a call": (mib(notification_buffer.MAX_BUFFERED_BYTES), notification_buffer.MAX_BUFFERED),
    "entries of a list": (paging.PAGE,),
    "merged instructions": (kib(identity.MAX_INSTRUCTIONS_BYTES),),
    "silence on an event stream": (seconds(KEEP_ALIVE_SECONDS),),
    "connections to one address": (pool.MAX_CONNECTIONS,),
    "an idle connection to it": (seconds(pool.IDLE_SECONDS),),
    "how long it may take to take": (seconds(dial.CONNECT_SECONDS),),
    "how long it may read nothing": (seconds(links.WRITE_LIMIT_SECONDS), seconds(http_sse.SEND_SECONDS)),
    "the head of its answers": (kib(http1.MAX_HEAD_BYTES),),
    "what is read of the body": (kib(http_client.REFUSAL_BYTES), seconds(http_client.REFUSAL_SECONDS)),
    "depth of what it lists": (envelope.MAX_DEPTH,),
    "a list |": (f"{pages.MAX_ENTRIES:,}", mib(pages.MAX_LIST_BYTES), f"{pages.MAX_PAGES} pages"),
    "its requests being answered": (inbound.MAX_ANSWERING, mib(inbound.MAX_ANSWERING_BYTES)),
    "what it asks clients": (server_requests.MAX_OPEN,),
    "rounds in which it asks": (input_required.MAX_ROUNDS,),
    "task notifications": (tasks_told.CAPACITY, tasks_told.MAX_TASKS, mib(tasks_told.CAPACITY_BYTES)),
    "what it writes to stderr": (stderr.MAX_LINES, stderr.MAX_LINE_BYTES, stderr.LOGGED_PER_SECOND),
    "notifications on their way": (mib(notification_queue.ALL_BYTES), kib(notification_queue.SPARED_BYTES)),
    "what it says before": (opening.EARLY_MESSAGES, mib(opening.EARLY_BYTES)),
    "events before the endpoint": (http_sse.EARLY_EVENTS,),
    "a list that it did not": (seconds(rounds.UNDECLARED_SECONDS),),
    "cookies of a connection": (cookies.MAX_COOKIES, cookies.MAX_COOKIE_BYTES, cookies.MAX_ALL_BYTES),
    "redirects": (refusal.MAX_REDIRECTS,),
    "URIs that it gave out": (given_uris.MOST_URIS, mib(given_uris.MOST_BYTES)),
    "attempts to connect": (start_turns.REMOTE_AT_ONCE, f"{start_turns.REMOTE_PER_SECOND:g} a second"),
    "a credential": (kib(readers.MOST_BYTES),),
    "a principal's name": (readers.MOST_NAME_CHARACTERS,),
    "addresses of X-Forwarded-For": (forwarded.MOST_HOPS,),
    "wrong credentials of one address": (lock_out.MOST_WRONG, seconds(lock_out.WINDOW_SECONDS)),
    "addresses remembered for wrong": (lock_out.MOST_ADDRESSES,),
    "refusals held back": (stage.MOST_HELD,),
    "verified tokens": (f"{verified_tokens.MOST_TOKENS:,}", mib(verified_tokens.MOST_TOKEN_BYTES)),
    "wait for an issuer's keys": (seconds(key_source.WAIT_SECONDS),),
    "a fetch of keys": (seconds(key_source.FETCH_SECONDS), seconds(key_source.AGAIN_SECONDS)),
    "fetches for unknown keys": (seconds(key_source.MISS_SECONDS),),
    "age of keys |": (seconds(key_source.REFRESH_SECONDS),),
    "age of keys that cannot": (f"{key_source.STALE_SECONDS / 3600:g} h",),
    "an issuer's metadata": (kib(key_fetch.MOST_DOCUMENT_BYTES), jwt_keys.MOST_KEYS),
    "decisions of a policy": (policy.MOST_DECISIONS, policy.LONGEST_KEPT),
    "a URI that rules and filters compare": (uris.MAX_COMPARED,),
    "a path that `under` judges": (paths.MAX_PATH,),
    "a number that a condition": (condition.MAX_DIGITS,),
    "catalogs kept": (restricted.MOST_KEPT,),
    "callers that one limit": (f"{buckets.MOST_BUCKETS:,}",),
    "buckets so shared": (buckets.MOST_CROWDS,),
    "used states of calls": (f"{first_uses.MOST_NAMES:,}", seconds(rate_limit.STATE_NS / NANOSECONDS)),
    "how long the end waits for the collector": (seconds(export.SHUTDOWN_SECONDS),),
    "how long a middleware of the user's own": (seconds(pipelines.ENTER_SECONDS), seconds(lifetime.LEAVE_SECONDS)),
    "all farewells": (seconds(stopping.END_SECONDS),),
    "how long the files": (seconds(candidate.READ_SECONDS),),
    "log lines": (mib(writer.QUEUE_BYTES),),
    "the wait for them": (seconds(writer.CLOSE_SECONDS),),
    "ending what a killed keeper": (seconds(orphans.ORPHANS_LIMIT_SECONDS),),
    "gateways named": (via.MOST_NAMED, seconds(via.CALLER_SECONDS)),
}
MANAGEMENT = {
    "parameters of one query": (api.MOST_PARAMETERS,),
    "a text that `capabilities`": (capability_types.LONGEST_SEARCH,),
    "entries on one page": (operation.MOST_LISTED, f"{10 * operation.MOST_LISTED:,}"),
    "entries of `/batch`": (f"{manage_status.BATCHED:,}",),
    "what is said of a wrong query": (api.LONGEST_COMPLAINT,),
    "refusals of wrong tokens": (admission.MOST_HELD,),
    "lines of the log about wrong tokens": (seconds(admission.REPORT_SECONDS),),
    "a path of the Unix socket": (sockets.MOST_PATH_BYTES,),
    "connections to the Unix socket": (unix_socket.BACKLOG,),
    "trying whether somebody listens": (seconds(unix_socket.ANSWER_SECONDS),),
    "events kept in the journal": (journal.EVENTS_KEPT, mib(journal.RING_BYTES), journal.KEPT_OF_A_KIND),
    "events of one stage": (journal.BURST, seconds(journal.REFILL_SECONDS)),
    "texts of one event": (
        journal.MOST_DETAIL,
        journal.DETAILS_CHARACTERS,
        f"{journal.DETAILS_MEMBERS} members",
        f"{journal.DETAILS_DEPTH} levels",
    ),
    "stages of backends counted": (f"{journal.MOST_COUNTED:,}",),
    "pace of events": (
        seconds(feed.PACE_SECONDS),
        f"{feed.PACE_OF_ONE * 1000:g} ms",
        seconds(feed.LONGEST_PACE_SECONDS),
    ),
    "streams written to": (
        f"{feed.TURN_OF_ONE * 1000:g} ms",
        seconds(feed.LONGEST_TURN_SECONDS),
        seconds(feed.FIGURES_TURN_SECONDS),
    ),
    "events of one chunk": (feed.EVENTS_AT_ONCE, kib(feed.CHUNK_BYTES)),
    "silence on a stream of events": (seconds(feed.HEARTBEAT_SECONDS),),
    "an id that is no event's": (encoded.LONGEST_ID,),
    "tools in `figures`": (watched_figures.TOOLS_SHOWN, seconds(watched_figures.SHOWN_SECONDS)),
    "pairs of backend and tool": (figures.MOST_SERIES,),
    "how long calls took": (
        seconds(figures.SLOT_SECONDS * figures.SLOTS),
        seconds(figures.SLOT_SECONDS),
        f"{figures.BOUNDS[0] * 1000:g} ms",
        f"{figures.BOUNDS[-1] // 60:g} min",
    ),
    "exchanges kept that are over": (open_exchanges.DONE_KEPT,),
    "a name or URI shown": (open_exchanges.MOST_TARGET, open_exchanges.MOST_METHOD),
    "lines kept of one backend": (backend_log.LINES_KEPT, kib(backend_log.BYTES_KEPT)),
    "states kept": (recovery.CHANGES_KEPT,),
    "remarks on": (manage_backends.NOTED_SHOWN,),
    "tasks in `/tree`": (tree.MOST_VISITED, tree.MOST_CHILDREN, tree.MOST_DEPTH),
    "questions of one call": (call_exchange.MAX_ASKS,),
    "how long such a question": (seconds(call_exchange.ASK_SECONDS),),
    "how long it may take to say": (seconds(call_exchange.FAREWELL_SECONDS),),
    "calls cut by the end": (seconds(front.LAST_WORD_SECONDS),),
    "changes of backends that wait": (turns.MOST_TURNS,),
    "how long a restart waits": (seconds(backend_changes.RESTART_SECONDS),),
    "configurations checked": (check_config.MOST_CHECKS, seconds(candidate.READ_SECONDS)),
    "readings of the file at once": (file_difference.MOST_READINGS, seconds(candidate.READ_SECONDS)),
    "places told where": (file_difference.MOST_PLACES,),
    "how long what programs use": (seconds(usage.FRESH_SECONDS), seconds(usage.NEW_SECONDS)),
    "processes of the machine": (usage.MOST_READ,),
    "those named who asked": (reload.MOST_NAMED,),
}
COMMANDS = {
    "how long a connection to the gateway": (seconds(connection.CONNECT_SECONDS),),
    "how long an answer may take to begin": (seconds(client.ANSWER_SECONDS), seconds(client.CHANGE_SECONDS)),
    "trying whether a gateway": (seconds(where.PROBE_SECONDS),),
    "pause before a stream": (f"{stream.FIRST_PAUSE_SECONDS:g} s", seconds(stream.LONGEST_PAUSE_SECONDS)),
    "pages of one list": (link_pages.MOST_PAGES,),
    "events of a call that wait": (pump.MOST_WAITING,),
    "the end of who reads": (seconds(pump.END_SECONDS),),
    "a file with a token": (kib(token.MOST_BYTES),),
    "references followed": (arguments.MOST_STEPS,),
    "forms within forms": (form.MOST_DEPTH, elicitation.MOST_ITEMS),
    "a line typed": (kib(prompt.LINE_BYTES),),
}
ISOLATION: dict[str, tuple[object, ...]] = {
    "memory of a container": (gib(Container().memory), "16 MiB"),
    "its processors": (f"{Container().cpus:g}", Container().pids),
    "its open files": (LIMITS_OF_CONTAINER.files,),
    "its `/tmp`": (mib(LIMITS_OF_CONTAINER.tmp),),
    "its `/dev/shm`": (mib(profile.SHARED_MEMORY),),
    "what is mounted into it": (mounts.MAX_MOUNTS,),
    "a path in an argument": (named_paths.MAX_WORD, services.MAX_LENGTH),
    "an `--env-file`": (kib(machine.MAX_TEXT), image_run.MAX_LINES),
    "looking for an engine": (
        seconds(probe.PROBE_SECONDS), seconds(probe.STARTING_SECONDS), seconds(look.LOOK_SECONDS),
    ),
    "what an engine tells of itself": (seconds(probe.FACTS_SECONDS), mib(introduction.MAX_FACTS_BYTES)),
    "looking again": (seconds(look.LOOK_AGAIN_SECONDS), seconds(look.WATCH_SECONDS)),
    "an answer of an engine": (mib(engine_client.MAX_ANSWER_BYTES), mib(engine_client.MAX_LINE_BYTES)),
    "what it says in an error": (failure.MAX_MESSAGE_CHARACTERS,),
    "different warnings": (control.MAX_WARNINGS,),
    "the end of what speaks to an engine": (seconds(bridge.CANCEL_SECONDS), seconds(bridge.CLOSE_SECONDS)),
    "connecting of a new container": (seconds(start.CONNECT_SECONDS), seconds(program.ORDER_SECONDS)),
    "attaching to one": (seconds(attached.ATTACH_SECONDS),),
    "stderr quoted of a start": (kib(program.SAID_BYTES), program.SAID_LINES),
    "between TERM and KILL": (seconds(program.TERM_GRACE_SECONDS), seconds(program.SHIM_LIMIT_SECONDS)),
    "removing it": (seconds(container_life.REMOVE_SECONDS),),
    "what it has used of the processor": (seconds(program.USAGE_SECONDS),),
    "names that it has addresses for": (shim_network.MAX_NAMES,),
    "its connections out": (shim_network.MAX_RELAYS, egress_filter.MOST_CONNECTIONS, shim_network.MAX_QUERIES),
    "what it says to the filter first": (kib(egress_filter.HEAD_BYTES), seconds(egress_filter.HEAD_SECONDS)),
    "looking up a name": (seconds(outward.LOOKUP_SECONDS), outward.MOST_LOOKUPS),
    "addresses tried of a name": (
        outward.MOST_ADDRESSES, seconds(outward.NEXT_ADDRESS_SECONDS), seconds(outward.DIAL_SECONDS),
    ),
    "bytes on their way, each connection": (kib(egress_filter.CHUNK_BYTES), kib(shim_network.CHUNK_BYTES)),
    "a connection that one end has closed": (
        seconds(egress_filter.HALF_CLOSED_SECONDS), seconds(egress_filter.UNTIL_CLOSED_SECONDS),
    ),
    "hosts that are counted": (attempts.MOST_HOSTS,),
    "backends whose attempts": (attempts.MOST_BACKENDS_TRYING,),
    "refusals told of a backend": (attempts.TELLING_BURST, seconds(attempts.TELLING_SECONDS)),
    "an installation into an image": (gib(installation.MEMORY_BYTES), f"{installation.CPUS:g}", installation.PIDS),
    "log of an installation": (build_log.MAX_LINES, build_log.MAX_LINE_CHARACTERS, build_log.TAIL_LINES),
    "versions in the label": (kib(ready.MAX_VERSIONS_BYTES),),
    "a build that failed": (seconds(images.FAILURE_SECONDS),),
    "the folder of a Dockerfile": (mib(context.MAX_CONTEXT_BYTES), f"{context.MAX_CONTEXT_FILES:,}"),
    "images that `argus-trio build`": (building.AT_ONCE,),
    "backends named in one line": (standing.MOST_NAMED,),
    "removing what a killed gateway left": (
        seconds(reaper.QUIET_SECONDS), seconds(reaper.LIMIT_SECONDS), seconds(reaper.REQUEST_SECONDS),
    ),
    "how long `argus-trio check` waits": (seconds(plans.CHECK_SECONDS), seconds(isolation_command.LOOK_SECONDS)),
}  # fmt: skip
COMING: dict[str, tuple[object, ...]] = {
    "a client's file that `import`": (mib(client_opening.MOST_BYTES),),
    "a client's file that `client` changes": (mib(replacing.MOST_BYTES),),
    "lists and objects within each other": (jsonc.DEEPEST,),
    "servers of one client's file": (dialect_context.MOST_SERVERS,),
    "folders above the current one": (client_places.MOST_PARENTS,),
    "files of one client's profiles": (client_places.MOST_PROFILES,),
    "a deadline that a client's file": (seconds(dialect_values.LONGEST_SECONDS),),
    "the name of an imported backend": (import_naming.LONGEST, original_naming.LONGEST_NAME),
    "backends of an original configuration": (f"{original_naming.MOST_NUMBERS:,}",),
    "rounds of leaving out": (accept.MOST_ROUNDS,),
    "backups that `client` makes": (replacing.MOST_BACKUPS,),
    "how long the doctor waits": (seconds(coming.DOCTOR_SECONDS),),
    "the beginning, and the end": (seconds(trial.BEGIN_SECONDS), seconds(trial.STOP_SECONDS)),
    "one look of the doctor": (seconds(examination.LOOK_SECONDS),),
    "its look for processes": (seconds(doctor_running.LOOK_SECONDS), seconds(doctor_running.ASK_SECONDS)),
    "its closer look at a backend": (seconds(closer.CLOSER_SECONDS),),
    "one question of that look": (
        seconds(questions.QUESTION_SECONDS), seconds(questions.BODY_SECONDS), questions.BODY_BYTES,
    ),
    "resolving a name, reaching": (
        seconds(way.RESOLVE_SECONDS), seconds(way.REACH_SECONDS), seconds(trust.TRUST_SECONDS),
    ),
    "the public address of the gateway": (seconds(own_address.PUBLIC_SECONDS),),
}  # fmt: skip
ROWS = [line for line in (ROOT / "docs" / "limits.md").read_text().splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("row", [*SAID, *MANAGEMENT, *COMMANDS, *ISOLATION, *COMING])
def test_a_row_says_what_holds(row: str) -> None:
    (found,) = (line for line in ROWS if line.startswith(f"| {row}"))
    held = {**SAID, **MANAGEMENT, **COMMANDS, **ISOLATION, **COMING}[row]
    assert all(re.search(rf"(?<![\d,.]){re.escape(str(said))}(?!,?\d)", found) for said in held), (found, held)
