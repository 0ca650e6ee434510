"""Starts MiniStack, with one change: each stream is read in a thread of its own, as AWS does.

MiniStack itself runs the batches of all streams one after the other, in the thread that also reads the queues. So one slow answer of the
payment provider would stop all workers.
"""

import sys
import threading

from ministack.app import main
from ministack.services import lambda_svc

_poll, _mappings = lambda_svc._poll_dynamodb_streams, lambda_svc._iter_all_esms
_mine = threading.local()
_running = set()


def _mappings_of_this_thread():
    """All mappings, or the one that this thread reads."""
    mine = getattr(_mine, "mapping", None)
    return (mapping for mapping in _mappings() if mine in (None, mapping[2]["UUID"]))


def _read_stream(mapping):
    _mine.mapping = mapping
    try:
        while _poll():
            pass
    finally:
        _running.discard(mapping)


def _start_readers():
    for *_, mapping in _mappings():
        if ":dynamodb:" in mapping.get("EventSourceArn", "") and mapping["UUID"] not in _running:
            _running.add(mapping["UUID"])
            threading.Thread(target=_read_stream, args=(mapping["UUID"],), daemon=True).start()
    # The readers say nothing about more work: the loop runs again when a table changes, and each second.
    return False


lambda_svc._iter_all_esms = _mappings_of_this_thread
lambda_svc._poll_dynamodb_streams = _start_readers
sys.exit(main())
