"""Loaded by Python itself in the processes that souk starts (this folder is on their PYTHONPATH), to mend two things from outside.

Neither program offers an option for it, and neither is imported or changed by souk.
"""

import os
import socket
import socketserver

# The emulator's Runtime API writes head and body apart; with Nagle's algorithm each warm invocation waits 40 ms for an ACK.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

# localstripe listens on every interface. A payment provider that takes any card belongs on this machine alone.
if os.environ.get("SOUK_LOOPBACK_ONLY"):
    _bind = socket.socket.bind

    def _bind_loopback(self, address):
        if isinstance(address, tuple) and address[0] == "::":
            address = ("::ffff:127.0.0.1", *address[1:])
        return _bind(self, address)

    socket.socket.bind = _bind_loopback
