"""One function for each command of souk.py. Runs inside the virtual environment."""

import json
import os
import subprocess
import time
import tomllib

import admins
import build
import containers
import contract as contracts
import cross_build
import deployed
import iam as roles
import lives as order_lives
import peers
import proof as proofs
import resources as stack_resources
import samples
import seed
import stack
import suites
from lifecycle import check_listeners, programs, start, stop, stop_on_failure
from profiles import PROFILES, read_json
from steps import LOCAL, ROOT, Failure, display_path, run, say, step
from translated import parameters
from workspace import CARGO_BUILD


def up(_):
    profile, started = PROFILES["up"], time.monotonic()
    say("souk: local stack")
    with stop_on_failure(profile):
        emulator, *_rest = start(profile)
        build.build(profile)
        stack.deploy(profile, emulator)
        description = stack.describe(profile, emulator, seed.LOGINS)
        seed.wait_until_ready(profile)
        seed.seed(profile, emulator)
        check_listeners(profile)
    say(summary(description, time.monotonic() - started))
    return 0


def down(_):
    for profile in PROFILES.values():
        stop(profile)
    peers.stop()
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


def lives(_):
    return order_lives.lives(PROFILES["test"])


def bench(_):
    return suites.bench(PROFILES["bench"])


def bill(_):
    return order_lives.write_bill(PROFILES["bench"])


def bench_peers(arguments):
    return peers.bench_peers(PROFILES["bench"], arguments.only, arguments.operations)


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
    profile = running_profile()
    description = _described(profile, arguments.function)
    payload = samples.read(arguments.event, description["tables"])
    answer = profile.client("lambda").invoke(FunctionName=description["functions"][arguments.function], Payload=payload)
    payload = answer["Payload"].read().decode(errors="replace")
    try:
        payload = _indented(json.loads(payload))
    except ValueError:
        pass
    say(payload)
    return 1 if answer.get("FunctionError") else 0


def sam_local(arguments):
    """One event, all events of a function, or all events of all functions."""
    profile = running_profile()
    description = _described(profile, arguments.function)
    event = arguments.event and samples.read(arguments.event, description["tables"])
    containers.check_runtime()
    # The packages of the stack start a program that is not in a container.
    build.sam_build(profile, profile.packages, stack.function_names().get(arguments.function))
    if event:
        answer = containers.invoke(profile, arguments.function, event)
        say(_indented(answer))
        if samples.is_error(answer):
            raise Failure("The function failed: see its answer.", containers.log(profile, arguments.function))
    else:
        containers.invoke_all(profile, description, [arguments.function] if arguments.function else sorted(description["functions"]))
    return 0


def _described(profile, function):
    """The description of the running stack. Fails if it has no such function."""
    description = read_json(profile.description, {})
    functions = description["functions"]
    if function and function not in functions:
        raise Failure(f"There is no function {function}: choose one of {', '.join(sorted(functions))}.")
    return description


def _indented(value):
    return json.dumps(value, indent=2, ensure_ascii=False)


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
    deployed.sam("build", "--config-env", arguments.environment)
    deployed.check_packages(parameters(arguments.environment)["Architecture"])
    deployed.sam("deploy", "--config-env", arguments.environment)
    return 0


def arm64(_):
    cross_build.build()
    return 0


def destroy(arguments):
    """Asks first."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[arguments.environment]["global"]["parameters"]
    name, region = config["stack_name"], config["region"]
    if input(f"This deletes the stack {name} in {region} with its data. Type its name to go on: ") != name:
        raise Failure("Nothing was deleted.")
    deployed.delete(name, region)
    return 0


def resources(_):
    stack_resources.write()
    say(f"  {display_path(stack_resources.GOLDEN)} is written.")
    return 0


def iam(_):
    roles.write()
    say(f"  {display_path(roles.GOLDEN)} is written.")
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
