"""One function for each command of souk.py. Runs inside the virtual environment."""

import json
import os
import subprocess
import time
import tomllib
from pathlib import Path

import admins
import build
import contract as contracts
import proof as proofs
import resources as stack_resources
import seed
import stack
import suites
from lifecycle import check_listeners, programs, start, stop, stop_on_failure
from profiles import PROFILES, read_json
from steps import LOCAL, ROOT, Failure, display_path, run, say, step
from python_tools import BIN, VENV
from workspace import CARGO_BUILD


def up(_):
    profile, started = PROFILES["up"], time.monotonic()
    say("souk: local stack")
    with stop_on_failure(profile):
        emulator, *_rest = start(profile)
        build.build(profile)
        stack.deploy(profile, emulator)
        description = stack.describe(profile, seed.LOGINS)
        seed.wait_until_ready(profile)
        seed.seed(profile, emulator)
        check_listeners(profile)
    say(summary(description, time.monotonic() - started))
    return 0


def down(_):
    for profile in PROFILES.values():
        stop(profile)
    return 0


def test(arguments):
    return suites.test(PROFILES["test"], arguments.seed)


def contract(arguments):
    return contracts.contract(PROFILES["test"], arguments.seed, arguments.minutes)


def proof(arguments):
    return proofs.proof(PROFILES["test"], arguments.seed, arguments.only)


def soak(arguments):
    return proofs.soak(PROFILES["test"], arguments.seed, arguments.minutes)


def mutants(arguments):
    return proofs.mutants(PROFILES["test"], arguments.seed, arguments.only)


def bench(_):
    return suites.bench(PROFILES["bench"])


def logs(arguments):
    profile = running_profile()
    group = f"/aws/lambda/{profile.stack}-{arguments.function}"
    client, since, printed = profile.client("logs"), int(time.time() * 1000) - 600_000, set()
    say(f"{group}, from 10 minutes ago; stop with Ctrl-C")
    while True:
        try:
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
            events = [event for page in pages for event in page["events"]]
        except client.exceptions.ResourceNotFoundException:
            raise Failure(f"There is no function {arguments.function}: choose one of {', '.join(stack.function_names())}.") from None
        for event in sorted(events, key=lambda e: e["timestamp"]):
            key = (event["timestamp"], event["message"], event.get("eventId"))
            if key not in printed:
                printed.add(key)
                say(event["message"].rstrip())
        time.sleep(0.7)


def invoke(arguments):
    profile, event = running_profile(), Path(arguments.event)
    if not event.is_file():
        raise Failure(f"There is no file {event}: choose one in events/.")
    description = read_json(profile.description, {})
    functions = description["functions"]
    if arguments.function not in functions:
        raise Failure(f"There is no function {arguments.function}: choose one of {', '.join(sorted(functions))}.")
    # The sample of a stream names its table, and every stack generates another name.
    payload = event.read_text().replace("sample-OrdersTable", description["tables"]["orders"])
    answer = profile.client("lambda").invoke(FunctionName=functions[arguments.function], Payload=payload)
    payload = answer["Payload"].read().decode(errors="replace")
    try:
        payload = json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        pass
    say(payload)
    return 1 if answer.get("FunctionError") else 0


def admin(arguments):
    if arguments.env:
        client, function = admins.deployed_housekeeping(arguments.env)
    else:
        profile = running_profile()
        client, function = profile.client("lambda"), f"{profile.stack}-housekeeping"
    admins.grant(client, function, arguments.email)
    say(f"  {arguments.email} is now an admin of {arguments.env or 'the local stack'}. Tokens have the role after the next login or refresh.")
    return 0


def deploy(arguments):
    """Runs `sam build` and `sam deploy` as a user would, with the tools of .local/venv."""
    return _sam(["build", "--config-env", arguments.environment], ["deploy", "--config-env", arguments.environment])


def destroy(arguments):
    """Deletes the files, which CloudFormation does not, then the stack. Asks first."""
    import boto3

    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[arguments.environment]["global"]["parameters"]
    name, region = config["stack_name"], config["region"]
    if input(f"This deletes the stack {name} in {region} with its data. Type its name to go on: ") != name:
        raise Failure("Nothing was deleted.")
    outputs = boto3.client("cloudformation", region_name=region).describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    for bucket in (output["OutputValue"] for output in outputs if output["OutputKey"] == "BucketName"):
        boto3.resource("s3", region_name=region).Bucket(bucket).objects.all().delete()
    return _sam(["delete", "--stack-name", name, "--region", region, "--no-prompts"])


def _sam(*commands):
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}", "VIRTUAL_ENV": str(VENV), "SAM_CLI_TELEMETRY": "0"}
    for command in commands:
        say("$ sam " + " ".join(command))
        code = subprocess.run(["sam", *command], cwd=ROOT, env=environment).returncode
        if code:
            return code
    return 0


def resources(_):
    stack_resources.write()
    say(f"  {display_path(stack_resources.GOLDEN)} is written.")
    return 0


def openapi(_):
    path = ROOT / "functions" / "ops" / "openapi.json"
    with step("OpenAPI document (cargo build)"):
        run([*CARGO_BUILD, "--bin", "openapi"], log=LOCAL / "log" / "openapi.log", env=build.cargo_environment(), failure="It does not compile: see above.")
    document = subprocess.run([build.binary("openapi", "debug")], capture_output=True, text=True)
    if document.returncode:
        raise Failure(f"The document cannot be built: {document.stderr.strip()[-500:]}")
    path.write_text(document.stdout)
    say(f"  {display_path(path)} is written.")
    return 0


def running_profile():
    profile = PROFILES["up"]
    if not programs(profile)[0].running():
        raise Failure("The local stack is not running: start it with `make up`.")
    return profile


def summary(d, seconds):
    product = read_json(seed.CATALOG)[0]["sku"]
    return f"""
souk is up after {seconds:.0f} s
  API       {d["apiUrl"]}/api/v1
  docs      {d["apiUrl"]}/docs
  admin     {d["admin"]["email"]}  {d["admin"]["password"]}
  customer  {d["customer"]["email"]}  {d["customer"]["password"]}
  mail      {d["mailUrl"]}
  logs      make logs F=orders         stop  make down
  all values: {display_path(PROFILES["up"].description)}

Buy something:
  API={d["apiUrl"]}/api/v1
  curl -s "$API/products?limit=3"
  TOKEN=$(curl -s $API/auth/login -H 'content-type: application/json' \\
    -d '{json.dumps(d["customer"])}' | python3 -c 'import json,sys; print(json.load(sys.stdin)["accessToken"])')
  curl -s $API/cart/me/items -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
    -d '{{"sku": "{product}", "quantity": 1}}'
  curl -s $API/orders -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -H "idempotency-key: $(date +%s%N)" \\
    -d '{{"cart": "me", "shippingAddress": {json.dumps(ADDRESS)}, "paymentMethod": {json.dumps(d["paymentMethod"])}}}'
  curl -s $API/orders -H "authorization: Bearer $TOKEN"     # a second later: confirmed, paid
  curl -s {d["mailUrl"]}     # the customer's email
"""


ADDRESS = {"name": "Karim Customer", "line1": "Rue du Marché 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE"}
