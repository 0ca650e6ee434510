"""Cases of the evaluator (iam_evaluator.py, iam.py): what it must allow and what it must deny. `make test` runs them before it trusts the evaluator."""

import io
import tempfile
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import iam
from iam import key_writers, request_of, silent_functions, statements_by_function, unused_grants, verdicts
from iam_evaluator import ATTRIBUTES, LEADING_KEYS, RETURN_VALUES, SELECT, Request, Statement, granting
from profiles import ACCESS_KEY, write_json
from steps import Failure

_KEYS = "ForAllValues:StringLike"
_NAMES = "ForAllValues:StringEquals"
_READS = Statement("Allow", ("dynamodb:GetItem", "dynamodb:BatchGetItem"), ("T",), ((_KEYS, LEADING_KEYS, ("APIKEY#*", "KEYS")),))
_NOTES_USE = Statement("Allow", ("dynamodb:UpdateItem",), ("T",), ((_KEYS, LEADING_KEYS, ("APIKEY#*",)), (_NAMES, ATTRIBUTES, ("pk", "sk", "lastUsedAt"))))
_RETURNS_NONE = Statement("Allow", ("dynamodb:UpdateItem",), ("T",), (("StringEqualsIfExists", RETURN_VALUES, ("NONE",)),))
_WRITES_ALL = Statement("Allow", ("dynamodb:PutItem",), ("T", "T/index/*"))
_NOT_KEYS = Statement("Deny", ("dynamodb:PutItem",), ("T",), (("ForAnyValue:StringEquals", LEADING_KEYS, ("KEYS",)),))
_PROJECTS = Statement("Allow", ("dynamodb:GetItem",), ("T",), (("StringEquals", SELECT, ("SPECIFIC_ATTRIBUTES",)),))
_NOT_ALL = Statement("Deny", ("dynamodb:GetItem",), ("T",), (("StringNotEquals", SELECT, ("SPECIFIC_ATTRIBUTES",)),))
_NOT_OTHERS = Statement("Deny", ("dynamodb:PutItem",), ("T",), (("ForAnyValue:StringNotEquals", LEADING_KEYS, ("KEYS",)),))
_NOT_LIKE = Statement("Allow", ("dynamodb:GetItem",), ("T",), (("ForAllValues:StringNotLike", LEADING_KEYS, ("APIKEY#*",)),))
_SPECIAL = Statement("Allow", ("dynamodb:GetItem",), ("T",), ((_KEYS, LEADING_KEYS, ("A.C?",)),))
_QUERIES_INDEX = Statement("Allow", ("dynamodb:Query",), ("T/index/gsi1",))

# What the functions around orders do to the tables of other contexts, and rows there that they must not write: they count the declines of cards,
# remember webhooks, and are products.
_AROUND_ORDERS = ("orders", "orders-worker", "housekeeping")
_WRITES_ELSEWHERE = (
    ("PutItem", "PaymentsTable", ("PAYMENT#pay_*", "OUTBOX#01"), ("CARD#9f86", "WEBHOOK#stripe#evt_1")),
    ("UpdateItem", "CatalogTable", ("SKU#MUG",), ("PRODUCT#prd_*", "CATEGORIES", "JOB#job_*", "OUTBOX#01")),
)

# Whether it is allowed, the statements, the action, the resource, and the context.
_CASES = (
    (True, (_READS,), "GetItem", "T", {LEADING_KEYS: ["KEYS"]}),
    (True, (_READS,), "GetItem", "T", {LEADING_KEYS: ["APIKEY#*"]}),
    (True, (_READS,), "GetItem", "T", {LEADING_KEYS: ["APIKEY#9f86"]}),
    (False, (_READS,), "GetItem", "T", {LEADING_KEYS: ["USER#usr_*"]}),
    (False, (_READS,), "GetItem", "T", {LEADING_KEYS: ["KEYS2"]}),
    (False, (_READS,), "Query", "T", {LEADING_KEYS: ["KEYS"]}),
    (False, (_READS,), "GetItem", "U", {LEADING_KEYS: ["KEYS"]}),
    (False, (_READS,), "GetItem", "T/index/gsi1", {LEADING_KEYS: ["KEYS"]}),
    (False, (), "GetItem", "T", {LEADING_KEYS: ["KEYS"]}),
    # A batch needs all its keys allowed by one statement. A request without the context key satisfies ForAllValues.
    (True, (_READS,), "BatchGetItem", "T", {LEADING_KEYS: ["APIKEY#*", "KEYS"]}),
    (False, (_READS,), "BatchGetItem", "T", {LEADING_KEYS: ["APIKEY#*", "USER#usr_*"]}),
    (True, (_READS,), "GetItem", "T", {}),
    # Attributes are those of the request, so what an update answers with is a matter of ReturnValues.
    (True, (_NOTES_USE,), "UpdateItem", "T", {LEADING_KEYS: ["APIKEY#*"], ATTRIBUTES: ["lastUsedAt", "pk", "sk"], RETURN_VALUES: ["ALL_NEW"]}),
    (False, (_NOTES_USE,), "UpdateItem", "T", {LEADING_KEYS: ["APIKEY#*"], ATTRIBUTES: ["pk", "role", "sk"]}),
    (False, (_NOTES_USE,), "UpdateItem", "T", {LEADING_KEYS: ["USER#usr_*"], ATTRIBUTES: ["pk", "sk"]}),
    (True, (_RETURNS_NONE,), "UpdateItem", "T", {RETURN_VALUES: ["NONE"]}),
    (True, (_RETURNS_NONE,), "UpdateItem", "T", {}),
    (False, (_RETURNS_NONE,), "UpdateItem", "T", {RETURN_VALUES: ["ALL_NEW"]}),
    # A Deny overrides an Allow. A request without the context key does not satisfy ForAnyValue.
    (True, (_WRITES_ALL,), "PutItem", "T", {LEADING_KEYS: ["KEYS"]}),
    (False, (_WRITES_ALL, _NOT_KEYS), "PutItem", "T", {LEADING_KEYS: ["KEYS"]}),
    (False, (_WRITES_ALL, _NOT_KEYS), "PutItem", "T", {LEADING_KEYS: ["KEYS", "USER#usr_*"]}),
    (True, (_WRITES_ALL, _NOT_KEYS), "PutItem", "T", {LEADING_KEYS: ["USER#usr_*"]}),
    (True, (_WRITES_ALL, _NOT_KEYS), "PutItem", "T", {}),
    (True, (_WRITES_ALL,), "PutItem", "T/index/gsi2", {}),
    (False, (_QUERIES_INDEX,), "Query", "T/index/gsi2", {}),
    (False, (_QUERIES_INDEX,), "Query", "T", {}),
    # A single value that is absent satisfies a negated operator only.
    (True, (_PROJECTS,), "GetItem", "T", {SELECT: ["SPECIFIC_ATTRIBUTES"]}),
    (False, (_PROJECTS,), "GetItem", "T", {SELECT: ["ALL_ATTRIBUTES"]}),
    (False, (_PROJECTS,), "GetItem", "T", {}),
    (False, (_READS, _NOT_ALL), "GetItem", "T", {LEADING_KEYS: ["KEYS"], SELECT: ["ALL_ATTRIBUTES"]}),
    (False, (_READS, _NOT_ALL), "GetItem", "T", {LEADING_KEYS: ["KEYS"]}),
    (True, (_READS, _NOT_ALL), "GetItem", "T", {LEADING_KEYS: ["KEYS"], SELECT: ["SPECIFIC_ATTRIBUTES"]}),
    # ForAnyValue needs a value, also of a negated operator.
    (False, (_WRITES_ALL, _NOT_OTHERS), "PutItem", "T", {LEADING_KEYS: ["USER#usr_*"]}),
    (True, (_WRITES_ALL, _NOT_OTHERS), "PutItem", "T", {LEADING_KEYS: ["KEYS"]}),
    (True, (_WRITES_ALL, _NOT_OTHERS), "PutItem", "T", {}),
    # Only `*` and `?` are special, only for the operators with Like, and `*` is any text.
    (False, (_NOT_LIKE,), "GetItem", "T", {LEADING_KEYS: ["APIKEY#9f86"]}),
    (True, (_NOT_LIKE,), "GetItem", "T", {LEADING_KEYS: ["KEYS"]}),
    (True, (_SPECIAL,), "GetItem", "T", {LEADING_KEYS: ["A.CD"]}),
    (False, (_SPECIAL,), "GetItem", "T", {LEADING_KEYS: ["ABCD"]}),
    (False, (_SPECIAL,), "GetItem", "T", {LEADING_KEYS: ["A.C"]}),
    (True, (_READS,), "GetItem", "T", {LEADING_KEYS: ["APIKEY#two\nlines"]}),
    (True, (_NOTES_USE,), "UpdateItem", "T", {LEADING_KEYS: ["APIKEY#*"], ATTRIBUTES: ["pk"]}),
    (False, (replace(_NOTES_USE, conditions=((_NAMES, ATTRIBUTES, ("last*",)),)),), "UpdateItem", "T", {ATTRIBUTES: ["lastUsedAt"]}),
)
# A call as the fault proxy records it.
_CALL = {
    **{"caller": "orders", "operation": "TransactWriteItems", "action": "PutItem", "table": "physical", "index": None, "select": None},
    **{"returnValues": "NONE", "keys": ["KEYS"], "attributes": ["pk", "sk"]},
}


def check():
    """Fails if the evaluator decides a case wrongly, or does not notice that a grant was removed. Returns a note."""
    for allowed, statements, action, resource, context in _CASES:
        if bool(granting(statements, Request(f"dynamodb:{action}", resource, context))) != allowed:
            raise Failure(f"The evaluator must {'allow' if allowed else 'deny'} {action} of {resource} with {context} by {statements}.")
    _check_unknown_condition()
    _check_request()
    _check_used_grants()
    _check_key_writers()
    _check_judge()
    _check_removed_grants()
    _check_tables_of_other_contexts()
    return f"{len(_CASES)} cases"


def _check_tables_of_other_contexts():
    """By the real policies, the functions around orders write what an order needs in the tables of other contexts, and nothing else."""
    roles = statements_by_function()
    for function in _AROUND_ORDERS:
        for action, table, own, others in _WRITES_ELSEWHERE:
            for key in own + others:
                if bool(granting(roles[function], Request(f"dynamodb:{action}", table, {LEADING_KEYS: [key]}))) != (key in own):
                    raise Failure(f"{function} must {'be' if key in own else 'not be'} allowed {action} of {key} in {table}.")


def _check_unknown_condition():
    statement = replace(_PROJECTS, conditions=(("NumericLessThan", SELECT, ("1",)),))
    try:
        granting((statement,), Request("dynamodb:GetItem", "T", {}))
    except ValueError:
        return
    raise Failure("The evaluator must not decide conditions that it does not know.")


def _check_request():
    """What the proxy recorded is what IAM authorises: the action and not the operation, the index, and each context key."""
    write = Request("dynamodb:PutItem", "IdentityTable", {LEADING_KEYS: ["KEYS"], ATTRIBUTES: ["pk", "sk"], RETURN_VALUES: ["NONE"]})
    read = Request("dynamodb:Query", "IdentityTable/index/gsi1", {LEADING_KEYS: ["KEYS"], ATTRIBUTES: ["pk", "sk"], SELECT: ["ALL_ATTRIBUTES"]})
    query = _CALL | {"operation": "Query", "action": "Query", "index": "gsi1", "select": "ALL_ATTRIBUTES", "returnValues": None}
    for call, expected in ((_CALL, write), (query, read)):
        if (actual := request_of(call, {"physical": "IdentityTable"})) != expected:
            raise Failure(f"The call {call} must be judged as {expected}, not as {actual}.")


def _check_used_grants():
    """A call uses the grant of its key family only, and none of a statement that does not allow it."""
    roles = {"orders": [_READS, _NOTES_USE]}
    _denied, used = verdicts([_CALL | {"action": "GetItem", "select": "ALL_ATTRIBUTES", "returnValues": None}], roles, {"physical": "T"})
    if used != {f"orders Allow dynamodb:GetItem T {_KEYS} {LEADING_KEYS}=KEYS"}:
        raise Failure(f"A read of KEYS must use one grant: {used}.")
    if len(unused_grants(roles, used)) != 4:
        raise Failure("The other three grants of reads and the one of the update must be listed as unused.")


def _check_key_writers():
    """Each way to write the public keys is found, unless it is denied, and except for the function keys."""
    deny = replace(_NOT_KEYS, actions=("dynamodb:UpdateItem",), resources=("IdentityTable",))
    ways = [Statement("Allow", (f"dynamodb:{way}",), ("IdentityTable",)) for way in ("PutItem", "UpdateItem", "DeleteItem", "GetItem")]
    roles = {"puts": ways[:1], "updates": ways[1:2], "deletes": ways[2:3], "reads": ways[3:], "denied": [ways[1], deny], "keys": ways}
    if key_writers(roles) != ["puts", "updates", "deletes"]:
        raise Failure(f"These must be the writers of the public keys: puts, updates, deletes; not {key_writers(roles)}.")


def _check_judge():
    """A run passes only if calls of every function were recorded and all are allowed."""
    roles = {"orders": [replace(_WRITES_ALL, resources=("OrdersTable",))], "ops": [_READS], "notifier": [Statement("Allow", ("sqs:SendMessage",), ("Q",))]}
    put, ping = _CALL, _CALL | {"caller": "ops", "action": "GetItem", "table": "T"}
    suite = _CALL | {"caller": ACCESS_KEY, "table": "elsewhere"}
    cases = (
        (True, [put, ping]),
        (True, [put, ping, suite]),
        (False, []),
        (False, [suite]),
        (False, [put]),  # no call of ops
        (False, [put, ping, put | {"action": "DeleteItem"}]),
        (False, [put, ping, put | {"caller": "nobody"}]),
    )
    if silent_functions([put], roles) != ["ops"]:
        raise Failure("ops has made no call, and notifier may make none.")
    with tempfile.TemporaryDirectory() as folder:
        profile = SimpleNamespace(log=Path(folder), description=Path(folder, "stack.json"))
        write_json(profile.description, {"tables": {"orders": "physical"}})
        for is_right, calls in cases:
            write_json(iam.calls_file(profile), calls)
            if _passes(profile, roles) != is_right:
                raise Failure(f"The judge must {'accept' if is_right else 'refuse'} {calls}.")


def _passes(profile, roles):
    """Whether the judge accepts the calls of a run by these roles."""
    with redirect_stdout(io.StringIO()):
        try:
            iam.judge(profile, roles)
        except Failure:
            return False
    return True


def _check_removed_grants():
    """Each statement that lets a function note the use of an API key is removed from the real policies, and the call must be denied."""
    call = {"operation": "UpdateItem", "action": "UpdateItem", "table": "physical", "index": None, "select": None, "returnValues": "NONE"}
    call |= {"keys": ["APIKEY#*"], "attributes": ["lastUsedAt", "pk", "sk"]}
    tables, roles = {"physical": "IdentityTable"}, statements_by_function()
    callers = [name for name, role in roles.items() if any((_NAMES, ATTRIBUTES, ("lastUsedAt", "pk", "sk")) in s.conditions for s in role)]
    if not callers:
        raise Failure("No function notes the use of an API key, so the evaluator's cases prove nothing: choose another grant for them.")
    for caller in callers:
        denied, used = verdicts([call | {"caller": caller}], roles, tables)
        if denied or not used or used & set(unused_grants(roles, used)):
            raise Failure(f"The evaluator must allow that {caller} notes the use of an API key, and count the grant as used: {denied}, {used}.")
        removed = roles | {caller: [s for s in roles[caller] if not any(key == ATTRIBUTES for _operator, key, _values in s.conditions)]}
        if not verdicts([call | {"caller": caller}], removed, tables)[0]:
            raise Failure(f"The evaluator did not notice that {caller} lost the grant for noting the use of an API key.")
