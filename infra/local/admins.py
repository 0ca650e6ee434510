"""`make admin`: the operator's command that gives an account its role. It has no API on purpose; it invokes housekeeping."""

import json
import tomllib

from steps import ROOT, Failure


def deployed(environment):
    """A Lambda client and the name of housekeeping in the stack that samconfig.toml names, with the credentials of whoever calls."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]["global"]["parameters"]
    stack = settings["stack_name"]
    try:
        session = boto3.Session(region_name=settings.get("region"))
        resources = session.client("cloudformation")
        found = resources.describe_stack_resource(StackName=stack, LogicalResourceId="HousekeepingFunction")
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code == "ValidationError":
            raise Failure(f"There is no stack {stack} here: `make deploy ENV={environment}` makes it. ({said})") from None
        raise Failure(f"AWS refuses to say what is in the stack {stack}: {said}") from None
    except BotoCoreError as error:
        raise Failure(f"AWS cannot be asked: {error}. Log in (`aws sso login`) or set AWS_PROFILE.") from None
    return session.client("lambda"), found["StackResourceDetail"]["PhysicalResourceId"]


def grant(client, function, email):
    """Makes the account with that email an admin."""
    from botocore.exceptions import BotoCoreError, ClientError

    task = {"task": "grant-role", "email": email, "role": "admin"}
    try:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(task).encode())
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"{function} cannot be invoked: {error}") from None
    said = answer["Payload"].read().decode(errors="replace")
    if not answer.get("FunctionError"):
        return
    if "account_unknown" in said:
        raise Failure(f"There is no account with the email {email}: register it first, then run this again.")
    if "is not a mail address" in said:
        raise Failure(f"{email} is not a mail address.")
    raise Failure(f"{function} could not do it: {said[:400]}")
