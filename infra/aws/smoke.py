#!/usr/bin/env python3
"""Tries souk on AWS: deploys a stack of its own, uses it, deletes it, and prints what that cost.

    .local/venv/bin/python infra/aws/smoke.py --email you@example.com      with your AWS credentials
    .local/venv/bin/python infra/aws/smoke.py --local                      against the running stack of `make up`

On AWS it needs: a verified SES identity for --email (sender and recipient), and a Stripe test key in SOUK_STRIPE_KEY (sk_test_…).
It deletes the stack also after a failure, unless --keep is given. With --local it skips what the emulator does not have.
It has never been run on AWS.
"""

import argparse
import datetime
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra" / "local"))

import deployed
import translated

# US dollars in us-east-1, as in tests/bench/src/prices.rs; other regions cost up to a third more. The free tier is not deducted.
PRICES = {"million requests of Lambda": 0.20, "GB-second of Lambda on arm64": 0.0000133334, "million write units": 0.625, "million read units": 0.125}
# Seconds. Functions cache the keys for five minutes, and CloudWatch shows a metric some minutes late.
PATIENCE, METRICS_DELAY = 360, 300
ADDRESS = {"name": "Smoke Test", "line1": "Rue du Marche 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE"}


def main():
    options = parse()
    if options.local:
        description = json.loads((ROOT / ".local" / "stack.json").read_text())
        local = {name: description[name] for name in ("apiUrl", "stackName", "region")}
        clients = {"endpoint_url": description["emulatorUrl"], "aws_access_key_id": "test", "aws_secret_access_key": "test"}
        use(Shop(local["apiUrl"]), local["stackName"], boto3.Session(region_name=local["region"]), clients, options.email)
        say("Skipped, because the emulator has none: deployment, Stripe, rotation of keys, cost, deletion.")
        return 0
    if not os.environ.get("SOUK_STRIPE_KEY", "").startswith("sk_test_"):
        sys.exit("Set SOUK_STRIPE_KEY to a test key of Stripe (sk_test_…). A live key is refused.")
    stack, started = f"souk-smoke-{secrets.token_hex(3)}", datetime.datetime.now(datetime.UTC)
    session = boto3.Session(region_name=options.region)
    try:
        outputs = deploy(session, stack, options)
        shop = Shop(outputs["ApiUrl"])
        connect_stripe(session, outputs)
        await_rotation(session, shop, outputs)
        use(shop, stack, session, {}, options.email)
        print_cost(session, stack, started)
    finally:
        if options.keep:
            say(f"The stack {stack} stays. Delete it: infra/local/deployed.py has the steps in `delete`.")
        else:
            deployed.delete(stack, options.region)
    return 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--email", default="smoke@example.com", help="the sender, and the customer who gets the mails")
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--keep", action="store_true", help="do not delete the stack")
    parser.add_argument("--local", action="store_true", help="use the stack of `make up`")
    return parser.parse_args()


# ---- the stack


def deploy(session, stack, options):
    """Deploys twice: the issuer of tokens is the API's URL, which the first deployment makes."""
    deployed.sam("build", "--language-extensions")
    deployed.check_packages(translated.parameters()["Architecture"])
    outputs = {}
    for url in ("https://api.example.com", None):
        url = url or outputs["ApiUrl"]
        parameters = {
            **{"Stage": "dev", "UseCdn": "false", "PublicUrl": url, "MailSender": options.email, "OperatorEmail": options.email},
            # The admin of the script has no second factor.
            **{"LogRetentionDays": 1, "FrontendUrl": url, "RequireAdminMfa": "false"},
        }
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        place = ["--stack-name", stack, "--region", options.region, "--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        deployed.sam("deploy", "--language-extensions", *place, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--parameter-overrides", *overrides)
        answer = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in answer}
    return outputs


def connect_stripe(session, outputs):
    values = {
        "StripeSecretArn": {"apiKey": os.environ["SOUK_STRIPE_KEY"]},
        "StripeWebhookSecretArn": {"webhookSecret": f"whsec_{secrets.token_hex(16)}"},
    }
    for output, value in values.items():
        session.client("secretsmanager").put_secret_value(SecretId=outputs[output], SecretString=json.dumps(value))


def await_rotation(session, shop, outputs):
    """The schedule rotates the keys when it is created. souk refuses a second rotation within 20 minutes."""
    client = session.client("secretsmanager")
    shop.until("the keys are rotated", lambda: client.describe_secret(SecretId=outputs["SigningSecretArn"]).get("LastRotatedDate"))
    shop.until("a key is published", lambda: shop.get("/.well-known/jwks.json", 200)["keys"])
    say("Keys: rotated and published.")


# ---- the shop


class Shop:
    def __init__(self, url):
        self.url, self.token = url, None

    def get(self, path, status):
        return self.call("GET", path, None, status)

    def call(self, method, path, body, status, **headers):
        """Sends a request, and returns the answer's body. Ends the run if the status is another one."""
        headers |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json", **headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=35) as answer:
                got, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            got, text = error.code, error.read()
        if got != status:
            sys.exit(f"{method} {path} answered {got} instead of {status}: {text[:500].decode(errors='replace')}")
        return json.loads(text) if text else None

    def until(self, what, check):
        """Repeats `check` until it is true, and returns its value."""
        deadline = time.monotonic() + PATIENCE
        while not (value := check()):
            if time.monotonic() > deadline:
                sys.exit(f"After {PATIENCE} s it is still not true that {what}.")
            time.sleep(1)
        return value


def use(shop, stack, session, clients, email):
    """Signs in, buys, imports, and erases an account."""
    shop.get("/ready", 200)
    mark = secrets.token_hex(4)
    name, domain = email.split("@")
    admin = {"email": f"{name}+admin-{mark}@{domain}", "password": secrets.token_urlsafe(16)}
    shop.call("POST", "/api/v1/auth/register", {**admin, "name": "Smoke Admin"}, 201)
    task = {"task": "grant-role", "email": admin["email"], "role": "admin"}
    answer = session.client("lambda", **clients).invoke(FunctionName=f"{stack}-housekeeping", Payload=json.dumps(task).encode())
    if answer.get("FunctionError"):
        sys.exit(f"housekeeping failed: {answer['Payload'].read()[:500]}")
    shop.token = shop.call("POST", "/api/v1/auth/login", admin, 200)["accessToken"]
    say("Sign-in: an admin.")

    sku = f"SMOKE-{mark.upper()}"
    product = {"sku": sku, "name": "Smoke mug", "category": "smoke", "price": {"amount": 1490, "currency": "EUR"}, "stock": {"available": 3}}
    shop.call("POST", "/api/v1/products", product, 201)
    order = {"items": [{"sku": sku, "quantity": 1}], "shippingAddress": ADDRESS, "paymentMethod": {"token": "pm_card_visa"}}
    order = shop.call("POST", "/api/v1/orders", order, 201, **{"idempotency-key": secrets.token_hex(16)})
    shop.until("the order is paid", lambda: shop.get(f"/api/v1/orders/{order['id']}", 200)["paymentStatus"] == "paid")
    say(f"Purchase: order {order['number']} is paid.")

    job = shop.call("POST", "/api/v1/products/imports", {"format": "csv"}, 202)
    lines = f"sku,name,category,price,currency,stock\n{sku}-2,Smoke bowl,smoke,9.90,EUR,5\n".encode()
    upload = urllib.request.Request(job["upload"]["url"], lines, {"content-type": "text/csv"}, method="PUT")
    urllib.request.urlopen(upload, timeout=35).close()
    path = f"/api/v1/products/imports/{job['id']}"
    shop.until("the import is done", lambda: shop.get(path, 200)["status"] == "done")
    say("Import: one product.")

    shop.token = None
    customer = {"email": f"{name}+customer-{mark}@{domain}", "password": secrets.token_urlsafe(16), "name": "Smoke Customer"}
    shop.token = shop.call("POST", "/api/v1/auth/register", customer, 201)["accessToken"]
    shop.call("DELETE", "/api/v1/users/profile", None, 202)
    shop.token = None
    shop.call("POST", "/api/v1/auth/login", {name: customer[name] for name in ("email", "password")}, 401)
    say("Erasure: a closed account cannot log in.")


# ---- the cost


def print_cost(session, stack, started):
    """Prints what the run used, by CloudWatch, and its price. Storage, requests of the API and logs are less than a cent."""
    say(f"Waiting {METRICS_DELAY} s for CloudWatch.")
    time.sleep(METRICS_DELAY)
    resources = session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [resource for page in resources for resource in page["StackResourceSummaries"]]
    functions = [r["PhysicalResourceId"] for r in found if r["ResourceType"] == "AWS::Lambda::Function"]
    tables = [r["PhysicalResourceId"] for r in found if r["ResourceType"] == "AWS::DynamoDB::GlobalTable"]
    cloudwatch, configuration = session.client("cloudwatch"), session.client("lambda")

    def total(namespace, metric, dimension, name):
        points = cloudwatch.get_metric_statistics(
            **{"Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": dimension, "Value": name}]},
            **{"StartTime": started, "EndTime": datetime.datetime.now(datetime.UTC), "Period": 60, "Statistics": ["Sum"]},
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    gigabyte_seconds = 0
    for function in functions:
        memory = configuration.get_function_configuration(FunctionName=function)["MemorySize"]
        gigabyte_seconds += total("AWS/Lambda", "Duration", "FunctionName", function) / 1000 * memory / 1024
    used = {
        "million requests of Lambda": sum(total("AWS/Lambda", "Invocations", "FunctionName", name) for name in functions) / 1e6,
        "GB-second of Lambda on arm64": gigabyte_seconds,
        "million write units": sum(total("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", name) for name in tables) / 1e6,
        "million read units": sum(total("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", name) for name in tables) / 1e6,
    }
    for unit, amount in used.items():
        say(f"{unit}: {amount:.6f}, ${amount * PRICES[unit]:.4f}")
    say(f"Sum: ${sum(amount * PRICES[unit] for unit, amount in used.items()):.4f}")


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
