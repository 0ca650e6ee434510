"""Cases of the evaluator (iam_evaluator.py, iam.py): what it must allow and what it must deny. `make test` runs them before it trusts the evaluator."""

from dataclasses import replace

from iam import statements_by_function, unused_grants, verdicts
from iam_evaluator import ATTRIBUTES, LEADING_KEYS, RETURN_VALUES, SELECT, Request, Statement, granting
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
)


def check():
    """Fails if the evaluator decides a case wrongly, or does not notice that a grant was removed. Returns a note."""
    for allowed, statements, action, resource, context in _CASES:
        if bool(granting(statements, Request(f"dynamodb:{action}", resource, context))) != allowed:
            raise Failure(f"The evaluator must {'allow' if allowed else 'deny'} {action} of {resource} with {context} by {statements}.")
    _check_unknown_condition()
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
