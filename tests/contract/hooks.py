"""What schemathesis cannot know about souk: a login, the ids of things that exist, and their present entity tags. It also counts the answers.

`infra/local/contract.py` makes the things, and names this file and its input (CONTRACT_INPUT) in the environment. Only what refers to something
is replaced, and only where the generated part of the request is valid: everything else stays as it was generated.
"""

import json
import os
import random
from collections import Counter, defaultdict
from pathlib import Path

import requests
import schemathesis

_INPUT = json.loads(Path(os.environ["CONTRACT_INPUT"]).read_text())
_LOCATIONS = {"path": "path_parameters", "query": "query", "body": "body"}
# The part of the calls that refer to things that exist. The others show what an unknown id does.
_KNOWN = 0.8
# A session that has ended, and the rate limit.
_NOT_TESTED = (401, 429)
_random = random.Random(_INPUT["seed"])
_statuses = defaultdict(Counter)
_refusals = defaultdict(Counter)
_failures = defaultdict(list)


@schemathesis.auth(refresh_interval=600, retry_on=[])
class Login:
    """Logs in again before the token of fifteen minutes ends."""

    def get(self, case, context):
        answer = requests.post(_INPUT["apiUrl"] + "/api/v1/auth/login", json=_INPUT["login"], timeout=30)
        answer.raise_for_status()
        return answer.json()["accessToken"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Replaces references by known ones."""
    thing, is_required = _known_thing(case)
    # In a sequence of requests, the answer before gave the id.
    is_linked = case.meta is not None and case.meta.phase.name == "stateful"
    if thing and (is_required or not is_linked and _random.random() < _KNOWN):
        for location, values in thing.items():
            if location == "token":
                case.headers["Authorization"] = f"Bearer {values}"
            elif location == "whole":
                if not _is_negative(case, "body"):
                    case.body = values
            elif not _is_negative(case, location):
                _replace(getattr(case, _LOCATIONS[location]), values)
    if isinstance(case.path_parameters, dict):
        # The emulator ends a path at an encoded `#` or `?`. AWS does not.
        for name, value in case.path_parameters.items():
            if isinstance(value, str):
                case.path_parameters[name] = value.replace("#", "-").replace("?", "-")
    if "If-Match" in case.headers and not _is_negative(case, "header"):
        case.headers["If-Match"] = _etag(case)


@schemathesis.hook
def after_call(context, case, response):
    """Counts the answer."""
    if case.method == case.operation.method.upper():
        _statuses[case.operation.label][response.status_code] += 1
        if response.status_code >= 400:
            _refusals[case.operation.label][_reason(response)] += 1


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Notes a failure, unless the answer says nothing about the document."""
    status = response.status_code
    if status in _NOT_TESTED and str(status) in case.operation.definition.raw["responses"]:
        return False
    # The readiness of a machine that is busy with this test.
    if status == 503 and case.path.endswith("/ready") and failure.title == "Server error":
        return False
    # Another spelling of a category's key is redirected to the key, and the pattern of the document is that of keys.
    if status == 308 and case.operation.label == "GET /api/v1/categories/{key}" and failure.title == "Schema-violating request accepted":
        return False
    _failures[failure.title].append(f"{case.method} {case.path} {response.status_code}: {failure.message}")
    return True


@schemathesis.check
class Report:
    """Writes what was counted at the end of the run."""

    def after_run(self, context):
        report = {"statuses": _statuses, "refusals": _refusals, "failures": _failures}
        Path(_INPUT["report"]).write_text(json.dumps(report, indent=2))


def _reason(response):
    """The status, the code, and the fields of a problem."""
    try:
        problem = json.loads(response.content)
        fields = [f"{field.get('field')}: {field.get('code')}" for field in problem.get("errors", [])]
        return f"{response.status_code} {problem.get('code')} {', '.join(fields)}".strip()
    except (ValueError, AttributeError):
        return str(response.status_code)


def _known_thing(case):
    """A thing that the operation can name, and whether it may name no other. The longest path wins, an operation over a path."""
    label, path = case.operation.label, case.path
    keys = [key for key in _INPUT["things"] if key == label or path == key or path.startswith(key + "/")]
    if not keys:
        return None, False
    entry = _INPUT["things"][max(keys, key=lambda key: (key == label, len(key)))]
    return _random.choice(entry["any"]), entry.get("only", False)


def _is_negative(case, location):
    components = case.meta.components if case.meta else {}
    return any(part.value == location and component.mode.is_negative for part, component in components.items())


def _replace(container, values):
    """Replaces the members of a generated container that it has."""
    if isinstance(container, dict):
        for name, value in values.items():
            if name in container and isinstance(value, dict):
                _replace(container[name], value)
            elif name in container:
                container[name] = value


def _etag(case):
    """The present entity tag of the thing that the path names, or is below. Without one, that of a new thing, which has the version 1."""
    paths, template, path = case.operation.schema.raw_schema["paths"], case.path, case.formatted_path
    while "{" in template:
        # Only what has an entity tag can answer 304.
        if "304" in paths.get(template, {}).get("get", {}).get("responses", {}):
            caller = {"Authorization": case.headers.get("Authorization", "")}
            return requests.get(_INPUT["apiUrl"] + path, headers=caller, timeout=30).headers.get("ETag", '"1"')
        template, path = template.rpartition("/")[0], path.rpartition("/")[0]
    return '"1"'
