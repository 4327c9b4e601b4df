"""The load, in a process of its own: `python -m bench.load URL TOOL CALLS CONCURRENCY BYTES`.

Prints one JSON object: the median and the 99th percentile of a call in milliseconds, and the calls per second.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time

from bench.client import Client, encoded


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    hundredths = statistics.quantiles(seconds, n=100)
    return {"p50_ms": statistics.median(seconds) * 1000, "p99_ms": hundredths[98] * 1000}


def call_often(client: Client, body: bytes, calls: int, took: list[float]) -> None:
    for _ in range(calls):
        started = time.perf_counter()
        _, answer = client.exchange(body)
        took.append(time.perf_counter() - started)
        if b'"result"' not in answer:
            raise RuntimeError(answer[:500])


def run(url: str, method: str, params: dict[str, object], calls: int, concurrency: int) -> dict[str, float]:
    """So many calls in all, spread over so many connections."""
    body = encoded(method, params)
    clients = [Client(url) for _ in range(concurrency)]
    took: list[float] = []
    threads = [
        threading.Thread(target=call_often, args=(client, body, calls // concurrency, took)) for client in clients
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - started
    for client in clients:
        client.close()
    if len(took) != calls // concurrency * concurrency:
        raise SystemExit("a call failed")
    return {**percentiles(took), "per_second": len(took) / spent, "calls": float(len(took))}


if __name__ == "__main__":
    url, method, params, calls, concurrency = sys.argv[1:]
    print(json.dumps(run(url, method, json.loads(params), int(calls), int(concurrency))))
