"""The sample events of events/, and the results that events/expectations.json expects of them."""

import json
from pathlib import Path

from steps import ROOT, Failure

FOLDER = ROOT / "events"
_EXPECTATIONS = FOLDER / "expectations.json"


def read(path, tables):
    """The text of a sample. `tables`: the stack's tables, because the sample of a stream names its table, which every stack calls otherwise."""
    try:
        text = Path(path).read_text()
        json.loads(text)
    except OSError:
        raise Failure(f"There is no file {path}: choose one in events/.") from None
    except ValueError as error:
        raise Failure(f"{path} is not JSON: {error}.") from None
    for context, name in tables.items():
        text = text.replace(f"sample-{context.capitalize()}Table", name)
    return text


def of(function):
    """The samples of a function."""
    samples = sorted((FOLDER / function).glob("*.json"))
    if not samples:
        raise Failure(f"{function} has no sample: put one into events/{function}/.")
    return samples


def mismatch(path, event, answer):
    """A sentence if the answer of a function to this sample is not the expected one, or None. `answer`: the JSON value."""
    name, expectations = str(path.relative_to(FOLDER)), json.loads(_EXPECTATIONS.read_text())
    is_http = "http" in json.loads(event).get("requestContext", {})
    if is_http and name not in expectations:
        return f"{name} is not in events/expectations.json."
    members = answer if isinstance(answer, dict) else {}
    if is_http:
        result = members.get("statusCode")
    else:
        result = 500 if is_error(answer) else len(members.get("batchItemFailures", []))
    expected = expectations.get(name, 0)
    return None if result == expected else f"{name} should give {expected}, not {result}: {json.dumps(answer)[:400]}"


def is_error(answer):
    """Whether the function failed as a whole."""
    return isinstance(answer, dict) and "errorType" in answer
