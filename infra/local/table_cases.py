"""Cases for table_rules.py: a small stack that breaks no rule, and changes of it with what they break."""

import table_rules
from rules import Stack
from steps import Failure
from table_rules import TABLE, TABLE_OF_ONE_REGION

_RECOVERY = "PointInTimeRecoverySpecification"
_REPLICA = {"Region": "eu-central-1", "DeletionProtectionEnabled": True, _RECOVERY: {"PointInTimeRecoveryEnabled": True}}
_SECOND = _REPLICA | {"Region": "eu-west-1"}
_TABLE = {"TableName": "souk-Orders", "Replicas": [_REPLICA]}
_TWO_REGIONS = _TABLE | {"Replicas": [_REPLICA, _SECOND]}
_UNPROTECTED = _TABLE | {"Replicas": [_REPLICA, _SECOND | {"DeletionProtectionEnabled": False}]}
_WITHOUT_RECOVERY = _TABLE | {"Replicas": [_REPLICA, {"Region": "eu-west-1", "DeletionProtectionEnabled": True}]}
_KEY = {"SSESpecification": {"KMSMasterKeyId": "alias/souk"}}
# The stage, the type and the properties of the table, the readers of its stream, and the rule that this breaks.
_CASES = (
    ("prod", TABLE, _TABLE, 0, None),
    ("prod", TABLE, _TABLE, 2, None),
    ("prod", TABLE, _TABLE, 3, table_rules.streams_have_few_readers),
    ("prod", TABLE, _TWO_REGIONS, 1, None),
    ("prod", TABLE, _TWO_REGIONS, 2, table_rules.streams_have_few_readers),
    ("prod", TABLE_OF_ONE_REGION, {"TableName": "souk-Orders"}, 1, table_rules.tables_can_get_replicas),
    ("prod", TABLE, {"Replicas": [_REPLICA]}, 1, table_rules.tables_can_get_replicas),
    ("prod", TABLE, _TABLE | {"TableName": "Orders"}, 1, table_rules.tables_can_get_replicas),
    ("prod", TABLE, _UNPROTECTED, 1, table_rules.replicas_are_protected),
    ("prod", TABLE, _WITHOUT_RECOVERY, 1, table_rules.replicas_are_protected),
    ("dev", TABLE, _UNPROTECTED, 1, None),
    ("prod", TABLE, _TABLE | _KEY, 1, table_rules.keys_are_owned_by_aws),
    ("prod", TABLE, _TABLE | {"Replicas": [_REPLICA | _KEY]}, 1, table_rules.keys_are_owned_by_aws),
)


def check():
    """Fails if a rule accepts a table that it must refuse, or refuses one that it must accept. Returns a note."""
    for stage, kind, properties, readers, broken in _CASES:
        stack = _stack(stage, kind, properties, readers)
        found = [rule.__name__ for rule in table_rules.RULES if list(rule(stack))]
        if found != ([broken.__name__] if broken else []):
            raise Failure(f"A table of {stage} with {properties} and {readers} readers must break {broken and broken.__name__}, not {found}.")
    return f"{len(_CASES)} cases"


def _stack(stage, kind, properties, readers):
    """A stack with one table, a queue, and the functions that read the table's stream. Each reads the queue, too."""
    resources = {"OrdersTable": {"Type": kind, "Properties": properties}, "OrdersQueue": {"Type": "AWS::SQS::Queue"}}
    for number in range(readers):
        function = {"Ref": f"Reader{number}Function"}
        resources[f"Stream{number}"] = _mapping(["OrdersTable", "StreamArn"], function)
        resources[f"Messages{number}"] = _mapping(["OrdersQueue", "Arn"], function)
    return Stack({"Resources": resources, "Parameters": {}, "Mappings": {}}, {"Stage": stage})


def _mapping(source, function):
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"EventSourceArn": {"Fn::GetAtt": source}, "FunctionName": function}}
