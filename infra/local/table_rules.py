"""Rules of the tables, for rules.py: a second region can get replicas of them (docs/adr/0028), their streams have few readers
(docs/adr/0029), and their data is protected.

Each rule is a function that gives one sentence for each resource that breaks it.
"""

from translated import STACK_NAME

TABLE = "AWS::DynamoDB::GlobalTable"
# The type that CloudFormation cannot change into TABLE.
TABLE_OF_ONE_REGION = "AWS::DynamoDB::Table"
# DynamoDB throttles a stream with more readers. Replication reads the stream, too, so it leaves room for one.
MOST_READERS, MOST_READERS_WITH_REPLICAS = 2, 1


def tables_can_get_replicas(stack):
    """The type and the name of a table with data cannot be changed. Replicas have the name of their table, and the stack of a second
    region must be able to compute it."""
    for name in stack.of(TABLE_OF_ONE_REGION):
        yield f"{name} must be an {TABLE}: CloudFormation cannot change the type of a table that exists."
    for name, table in stack.of(TABLE).items():
        expected = f"{STACK_NAME}-{name.removesuffix('Table')}"
        if table.get("TableName") != expected:
            yield f"{name} must have the name {expected}, and has {table.get('TableName')}: replicas have the name of their table."


def streams_have_few_readers(stack):
    readers = [source for _name, _mapping, source, _function in stack.mappings()]
    for name, table in stack.of(TABLE).items():
        most = MOST_READERS_WITH_REPLICAS if len(table["Replicas"]) > 1 else MOST_READERS
        if readers.count(name) > most:
            yield f"The stream of {name} has {readers.count(name)} readers, and {most} may read it: let relay forward its events."


def replicas_are_protected(stack):
    """A replica has its own protection and its own recovery."""
    if stack.values["Stage"] != "prod":
        return
    for name, replica in _replicas(stack):
        recovery = replica.get("PointInTimeRecoverySpecification", {})
        if replica.get("DeletionProtectionEnabled") is not True or recovery.get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name} needs deletion protection and point-in-time recovery in {replica['Region']}."


def keys_are_owned_by_aws(stack):
    specified = [name for name, table in stack.of(TABLE).items() if "SSESpecification" in table]
    specified += [name for name, replica in _replicas(stack) if "SSESpecification" in replica]
    for name in specified:
        yield f"{name} has an SSESpecification, which selects a key of KMS that is billed for each request."


RULES = (tables_can_get_replicas, streams_have_few_readers, replicas_are_protected, keys_are_owned_by_aws)


def _replicas(stack):
    """The replicas of all tables, each with the logical id of its table. The first one is the table of the stack's own region."""
    return [(name, replica) for name, table in stack.of(TABLE).items() for replica in table["Replicas"]]
