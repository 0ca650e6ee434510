"""Least privilege of the functions' roles, with two guards.

infra/iam.golden has one line for each grant of a role, so that a review shows what a change of template.yaml grants or takes. After the suites,
`judge` decides by the same policies every call to DynamoDB that a function made in the test stack: the emulator does not know
`dynamodb:LeadingKeys`, and knows `dynamodb:Attributes` of reads only.
"""

import json
from itertools import product

from iam_evaluator import ATTRIBUTES, LEADING_KEYS, RETURN_VALUES, SELECT, Request, Statement, granting
from profiles import ACCESS_KEY, read_json
from rules import Stack
from steps import ROOT, Failure, display_path, say
from translated import parameters, translated, without_absent_resources

GOLDEN = ROOT / "infra" / "iam.golden"
# What runs in prod is what matters.
_ENVIRONMENT = "prod"
# Only this function writes the public keys of tokens: who writes them can sign tokens of every user.
_KEYS_WRITER = "keys"
_WRITES = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
_TABLE_ACTIONS = (*_WRITES, "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
_MOST_SHOWN = 30


def check():
    """Fails if the grants are not those of the golden file, or if another function than keys may write the public keys. Returns a note."""
    roles = statements_by_function()
    expected, actual = GOLDEN.read_text().splitlines(), listing(roles)
    lines = [f"- {line}" for line in expected if line not in actual] + [f"+ {line}" for line in actual if line not in expected]
    if lines:
        raise Failure(
            f"The roles of template.yaml do not grant what {display_path(GOLDEN)} says:\n"
            + "\n".join(lines)
            + "\nIf this is intended, run `python3 infra/local/souk.py iam` and commit the file."
        )
    if writers := key_writers(roles):
        raise Failure(f"These functions may write the public keys of tokens: {', '.join(writers)}. Only {_KEYS_WRITER} may.")
    return f"{len(actual)} grants"


def write():
    """Writes the golden file."""
    GOLDEN.write_text("\n".join(listing(statements_by_function())) + "\n")


def key_writers(roles):
    """The functions, except keys, that may write the partition KEYS of the identity table."""
    requests = [Request(action, "IdentityTable", {LEADING_KEYS: ["KEYS"]}) for action in _WRITES]
    return [name for name, role in roles.items() if name != _KEYS_WRITER and any(granting(role, request) for request in requests)]


def listing(roles):
    """One line for each function, effect, action, resource and key family, sorted, with the other conditions."""
    return sorted(line for function, role in roles.items() for statement in role for line, _one in _grants(function, statement))


def statements_by_function():
    """The statements of each function's role, by the function's name."""
    values = parameters(_ENVIRONMENT)
    stack = Stack(without_absent_resources(translated(values)), values)
    return {
        function["FunctionName"].removeprefix("souk-"): [_statement(raw) for raw in stack.raw_statements(function["Role"]["Fn::GetAtt"][0])]
        for function in stack.of("AWS::Lambda::Function").values()
    }


def judge(profile, roles=None):
    """Fails if the policies would deny a call that the proxy recorded, or if it recorded none of a function. Prints the grants for DynamoDB
    that no call used. Returns a note. `roles` are those of template.yaml, unless a test gives others."""
    calls, roles = read_json(calls_file(profile)), roles or statements_by_function()
    if not calls:
        raise Failure("The fault proxy recorded no call of a function.", calls_file(profile))
    tables = {physical: f"{context.capitalize()}Table" for context, physical in read_json(profile.description)["tables"].items()}
    # The suites read tables themselves, with the emulator's access key.
    calls = [call for call in calls if call["caller"] != ACCESS_KEY]
    if silent := silent_functions(calls, roles):
        raise Failure(f"The suites made no call of {', '.join(silent)} to a table, so their roles were not judged.", calls_file(profile))
    denied, used = verdicts(calls, roles, tables)
    for grant, keys in _by_grant(unused_grants(roles, used)):
        say(f"    no test used: {grant} {' '.join(keys)}")
    if denied:
        raise Failure(
            f"AWS would deny {len(denied)} kinds of calls that the suites made (all calls: {display_path(calls_file(profile))}):\n    "
            + "\n    ".join(denied[:_MOST_SHOWN])
        )
    return f"{len(calls)} kinds of calls"


def calls_file(profile):
    """The calls that the fault proxy recorded, as JSON."""
    return profile.log / "dynamodb-calls.json"


def verdicts(calls, roles, tables):
    """The calls that the policies deny, one line each, and the grants that allowed the others. `tables`: physical to logical names."""
    denied, used = set(), set()
    for call in calls:
        statements = roles.get(call["caller"], [])
        request = request_of(call, tables)
        allowing = granting(statements, request)
        if not allowing:
            denied.add(f"{call['caller']}: {request.action} ({call['operation']}) {request.resource} {json.dumps(request.context)}")
        for line, one in (grant for statement in allowing for grant in _grants(call["caller"], statement)):
            # A batch has keys of several families: each of them uses its grant.
            keys = request.context.get(LEADING_KEYS) or [None]
            if any(granting([one], Request(request.action, request.resource, request.context | {LEADING_KEYS: key and [key]})) for key in keys):
                used.add(line)
    return sorted(denied), used


def silent_functions(calls, roles):
    """The functions that may use tables, and of which no call was recorded."""
    callers = {call["caller"] for call in calls}
    may_call = {name for name, role in roles.items() if any(action in _TABLE_ACTIONS for s in role if s.effect == "Allow" for action in s.actions)}
    return sorted(may_call - callers)


def request_of(call, tables):
    """What IAM authorises when a function makes this call."""
    table = tables.get(call["table"], call["table"])
    context = {
        LEADING_KEYS: call["keys"],
        ATTRIBUTES: call["attributes"],
        SELECT: call["select"] and [call["select"]],
        RETURN_VALUES: call["returnValues"] and [call["returnValues"]],
    }
    resource = f"{table}/index/{call['index']}" if call["index"] else table
    return Request(f"dynamodb:{call['action']}", resource, {key: values for key, values in context.items() if values})


def unused_grants(roles, used):
    """The lines of the listing that allow calls to tables, and that no call used. Lambda itself reads the streams."""
    return [line for line in listing(roles) if line not in used and " Allow dynamodb:" in line and line.split(" ")[2] in _TABLE_ACTIONS]


def _by_grant(lines):
    """The lines without their conditions, each with its key families."""
    families = {}
    for line in lines:
        function, _effect, action, resource, *conditions = line.split(" ")
        keys = families.setdefault(f"{function} {action} {resource}", [])
        keys += [condition.partition("=")[2] for condition in conditions if condition.startswith(LEADING_KEYS)]
    return families.items()


def _statement(raw):
    conditions = tuple(
        (operator, key, tuple(sorted(values if isinstance(values, list) else [values])))
        for operator, keys in raw.get("Condition", {}).items()
        for key, values in keys.items()
    )
    return Statement(raw["Effect"], tuple(raw["Action"]), tuple(_named(resource) for resource in raw["Resource"]), conditions)


def _named(resource):
    """A resource by its logical id: `OrdersTable`, `OrdersTable/index/*`, `OrdersTable.StreamArn`. An ARN that names none stays."""
    if isinstance(resource, dict) and "Fn::GetAtt" in resource:
        logical, attribute = resource["Fn::GetAtt"]
        return logical if attribute in ("Arn", "Id") else f"{logical}.{attribute}"
    if isinstance(resource, dict):
        return resource["Fn::Sub"].replace(".Arn}", "}").replace("${", "").replace("}", "")
    return resource


def _grants(function, statement):
    """The grants of a statement: for each action, resource and key family its line, and the statement of this grant alone."""
    families = [
        [(operator, key, (value,)) for value in values] if key == LEADING_KEYS else [(operator, key, values)]
        for operator, key, values in statement.conditions
    ]
    for action, resource, conditions in product(statement.actions, statement.resources, list(product(*families))):
        parts = [f"{operator} {key}={','.join(values)}" for operator, key, values in conditions]
        yield " ".join([function, statement.effect, action, resource, *parts]), Statement(statement.effect, (action,), (resource,), conditions)
