"""HTTP with JSON over one connection that stays open, as a browser's or a storefront's does."""

import http.client
import json
import time

from steps import Failure

# A first request may compile code, and the import of a catalog sends large ones.
_TIMEOUT = 120
# Node.js closes a connection that was idle for five seconds.
_IDLE_SECONDS = 3


class KeepAlive:
    """A connection to a server on this machine. `headers` go with every request."""

    def __init__(self, server, port, headers=None):
        self.server, self.headers = server, headers or {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
        self._last_use = 0

    def send(self, method, path, body=None):
        """Sends a request. Returns the status, the parsed body, and the headers."""
        if time.monotonic() - self._last_use > _IDLE_SECONDS:
            self._connection.close()  # the request opens it again
        headers = {"accept": "application/json", **self.headers}
        if body is not None:
            body, headers["content-type"] = json.dumps(body).encode(), "application/json"
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            text = answer.read()
            self._last_use = time.monotonic()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Failure(f"{self.server} did not answer {method} {path}: {type(error).__name__}: {error}.") from None
        try:
            return answer.status, json.loads(text or "null"), answer.headers
        except ValueError:
            return answer.status, text.decode(errors="replace"), answer.headers

    def call(self, method, path, body=None):
        """The body of a successful answer."""
        status, answer, _headers = self.send(method, path, body)
        if not 200 <= status < 300:
            raise Failure(f"{self.server} answered {status} to {method} {path}: {json.dumps(answer)[:500]}")
        return answer
