"""Whether the emulator of a running stack enforces the functions' roles. Without that, a role that is too small would pass every suite, and
nothing would hold the grants for queues, secrets, files and mails (iam.py judges calls to DynamoDB only).
"""

from botocore.config import Config
from botocore.exceptions import ClientError

from profiles import REGION
from stack import physical_ids
from steps import Failure

_DENIED = ("AccessDenied", "AccessDeniedException", "403")
# The role, the service, the call, its parameters by logical ids, and whether the role allows it.
_CASES = (
    ("OpsRole", "sqs", "get_queue_attributes", {"QueueUrl": "OrdersQueue", "AttributeNames": ["QueueArn"]}, True),
    ("CartRole", "sqs", "get_queue_attributes", {"QueueUrl": "OrdersQueue", "AttributeNames": ["QueueArn"]}, False),
    ("CartRole", "sqs", "send_message", {"QueueUrl": "OrdersQueue", "MessageBody": "forged"}, False),
    ("PaymentsRole", "secretsmanager", "get_secret_value", {"SecretId": "StripeWebhookSecret"}, True),
    ("PaymentsRole", "secretsmanager", "get_secret_value", {"SecretId": "StripeSecret"}, False),
    ("PaymentsWorkerRole", "secretsmanager", "get_secret_value", {"SecretId": "StripeSecret"}, True),
    ("AuthRole", "secretsmanager", "get_secret_value", {"SecretId": "StripeSecret"}, False),
    ("CartRole", "s3", "list_objects_v2", {"Bucket": "Bucket"}, False),
    ("CartRole", "dynamodb", "scan", {"TableName": "IdentityTable"}, False),
    ("UsersRole", "dynamodb", "scan", {"TableName": "PaymentsTable"}, False),
)


def check(profile):
    """Fails if the emulator allows a call that the role of the stack does not, or denies one that it does. Returns a note."""
    physical, clients = physical_ids(profile), {}
    for role, service, call, parameters, is_allowed in _CASES:
        client = clients.setdefault((role, service), _client(profile, service, physical[role]))
        try:
            getattr(client, call)(**{name: physical.get(value, value) if isinstance(value, str) else value for name, value in parameters.items()})
            was_allowed = True
        except ClientError as error:
            if error.response["Error"]["Code"] not in _DENIED:
                raise
            was_allowed = False
        if was_allowed != is_allowed:
            raise Failure(f"The emulator {'allows' if was_allowed else 'denies'} {call} of {parameters} to {role}. Does the profile enforce roles?")
    return f"{len(_CASES)} calls"


def _client(profile, service, role):
    """A client with temporary credentials of that role."""
    account = profile.client("sts").get_caller_identity()["Account"]
    arn = f"arn:aws:iam::{account}:role/{role}"
    keys = profile.client("sts").assume_role(RoleArn=arn, RoleSessionName="enforcement")["Credentials"]
    import boto3

    return boto3.client(
        service,
        endpoint_url=profile.emulator_url,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
    )
