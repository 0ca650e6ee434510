"""Decides as IAM does whether the statements of a role allow a request to DynamoDB.

Sources: "Policy evaluation logic", "IAM JSON policy elements: Condition operators" and "Single-valued vs. multivalued context keys" (IAM User
Guide); "Using IAM policy conditions for fine-grained access control" and "Using IAM with DynamoDB transactions" (DynamoDB Developer Guide).
It knows what souk's policies use. What it does not know fails, so that nothing is allowed by mistake.
"""

import re
from dataclasses import dataclass

_ALL, _ANY = "ForAllValues", "ForAnyValue"
_IF_EXISTS = "IfExists"
# The context keys of a request that the recorder of the fault proxy writes (tests/fakes/src/dynamodb_proxy/calls.rs).
LEADING_KEYS, ATTRIBUTES = "dynamodb:LeadingKeys", "dynamodb:Attributes"
SELECT, RETURN_VALUES = "dynamodb:Select", "dynamodb:ReturnValues"
_KEYS = (LEADING_KEYS, ATTRIBUTES, SELECT, RETURN_VALUES)


@dataclass(frozen=True)
class Statement:
    """A statement of a role's policy. Resources are logical names: `OrdersTable`, `OrdersTable/index/*`."""

    effect: str
    actions: tuple
    resources: tuple
    # Triples of operator, context key and values.
    conditions: tuple = ()


@dataclass(frozen=True)
class Request:
    """A request, or the part of one that IAM authorises on its own. `context` has the values of each context key that the request has."""

    action: str
    resource: str
    context: dict


def granting(statements, request):
    """The statements that allow the request. None do if one denies it: an explicit Deny overrides every Allow."""
    matching = [statement for statement in statements if applies(statement, request)]
    return [] if any(statement.effect == "Deny" for statement in matching) else matching


def applies(statement, request):
    """Whether the statement is about the request: its action, its resource and all its conditions match."""
    return (
        any(_is_like(request.action, pattern) for pattern in statement.actions)
        and any(_is_like(request.resource, pattern) for pattern in statement.resources)
        and all(_holds(operator, key, values, request.context) for operator, key, values in statement.conditions)
    )


def _holds(operator, key, wanted, context):
    """Whether a condition holds. The values of the policy are alternatives: one of them must match."""
    quantifier, _, name = operator.rpartition(":")
    is_optional, name = name.endswith(_IF_EXISTS), name.removesuffix(_IF_EXISTS)
    if key not in _KEYS or name not in _OPERATORS or quantifier not in ("", _ALL, _ANY):
        raise ValueError(f"infra/local/iam_evaluator.py does not know the condition {operator} of {key}.")
    is_negated, matches = _OPERATORS[name]
    actual = context.get(key)
    if not actual:
        # ForAllValues is true without values, ForAnyValue is not, and a negated operator is true.
        return is_optional or quantifier == _ALL or (is_negated and quantifier != _ANY)
    results = [any(matches(value, pattern) for pattern in wanted) != is_negated for value in actual]
    return any(results) if quantifier == _ANY else all(results)


def _is_like(text, pattern):
    """StringLike: `*` is any text and `?` is any character. No other character is special, unlike in fnmatch."""
    parts = (".*" if character == "*" else "." if character == "?" else re.escape(character) for character in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


# By name: whether it is negated, and how a value is compared.
_OPERATORS = {
    "StringEquals": (False, str.__eq__),
    "StringNotEquals": (True, str.__eq__),
    "StringLike": (False, _is_like),
    "StringNotLike": (True, _is_like),
}
