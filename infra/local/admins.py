"""`make admin`: gives an account the role of an admin. There is no API for this on purpose: the command invokes housekeeping."""

import json
import tomllib

from steps import ROOT, Failure


def deployed_housekeeping(environment):
    """A Lambda client with the caller's credentials, and the name of housekeeping in the environment's stack (samconfig.toml)."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]["global"]["parameters"]
    stack = settings["stack_name"]
    try:
        session = boto3.Session(region_name=settings.get("region"))
        resources = session.client("cloudformation")
        answer = resources.describe_stack_resource(StackName=stack, LogicalResourceId="HousekeepingFunction")
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code == "ValidationError":
            raise Failure(f"The stack {stack} does not exist: deploy it with `make deploy ENV={environment}`. ({message})") from None
        raise Failure(f"The stack {stack} cannot be read: {message}") from None
    except BotoCoreError as error:
        raise Failure(f"AWS cannot be reached: {error}. Log in (`aws sso login`) or set AWS_PROFILE.") from None
    return session.client("lambda"), answer["StackResourceDetail"]["PhysicalResourceId"]


def grant(client, function, email):
    """Makes the account with this email address an admin."""
    from botocore.exceptions import BotoCoreError, ClientError

    task = {"task": "grant-role", "email": email, "role": "admin"}
    try:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(task).encode())
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"{function} cannot be invoked: {error}") from None
    result = answer["Payload"].read().decode(errors="replace")
    if not answer.get("FunctionError"):
        return
    if "account_unknown" in result:
        raise Failure(f"There is no account with the email address {email}: register it first, then run this again.")
    if "mail address" in result:
        raise Failure(f"{email} is not an email address.")
    raise Failure(f"{function} failed: {result[:400]}")
