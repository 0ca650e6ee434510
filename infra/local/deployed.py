"""A stack on AWS: SAM's commands for it, and its deletion. Used by `make deploy`, `make destroy` and infra/aws/smoke.py."""

import os
import subprocess

import processors
from python_tools import BIN, VENV
from steps import ROOT, Failure, say


def sam(*command):
    """Runs SAM as a user would, with the tools of .local/venv. Fails if SAM does."""
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}", "VIRTUAL_ENV": str(VENV), "SAM_CLI_TELEMETRY": "0"}
    say("$ sam " + " ".join(map(str, command)))
    if subprocess.run([BIN / "sam", *command], cwd=ROOT, env=environment).returncode:
        raise Failure(f"`sam {command[0]}` failed: see above.")


def check_packages(architecture):
    """Fails if `sam build` made a package for another processor than the functions get."""
    say(f"Processors: {processors.check(ROOT / '.aws-sam' / 'build', architecture)}")


def delete(stack, region):
    """Deletes the files, which CloudFormation does not, then the stack. A worker may write a file in between, so a failed deletion is
    repeated once."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    session = boto3.Session(region_name=region)
    try:
        outputs = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"There is no stack {stack} to delete: {error}") from error
    for is_last in (False, True):
        for bucket in (output["OutputValue"] for output in outputs if output["OutputKey"] == "BucketName"):
            session.resource("s3").Bucket(bucket).objects.all().delete()
        try:
            return sam("delete", "--stack-name", stack, "--region", region, "--no-prompts")
        except Failure:
            if is_last:
                raise
