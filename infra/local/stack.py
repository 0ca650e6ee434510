"""Deploys the stack into the emulator: `sam deploy` as on AWS, then what the emulator's CloudFormation lacks, then stack.json."""

import json
import re

import build
from profiles import ACCESS_KEY, FUNCTIONS, OAUTH, REGION, SECRET_KEY, STRIPE, STRIPE_WEBHOOK, UNLIMITED, read_json, write_json
from python_tools import BIN
from steps import Failure, run, step
from table_rules import TABLE


def deploy(profile, emulator):
    """Deploys the built functions. Returns False if the emulator has exactly this deployment already."""
    parameters = profile.stack_parameters()
    state = {"emulator": emulator.identity(), "parameters": parameters, "built": build.fingerprint(profile)}
    marker = profile.state / "deployed.json"
    if read_json(marker) == state:
        return False
    marker.unlink(missing_ok=True)  # a failed deployment leaves an unknown state
    with step("Stack (sam deploy)"):
        run(
            [
                *(BIN / "sam", "deploy", "--template-file", profile.built / "template.yaml", "--stack-name", profile.stack),
                *("--language-extensions", "--resolve-s3", "--no-progressbar", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
                *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
                # The emulator reads the API's id from this tag, so the URL is the same after every start.
                *("--tags", "ms-custom-id=souk"),
                *("--parameter-overrides", *(f"{key}={value}" for key, value in parameters.items())),
            ],
            log=profile.log / "sam-deploy.log",
            env=profile.environment(),
            failure="`sam deploy` into the emulator failed: see above.",
            explain=lambda: failures(profile),
        )
    with step("Routes, CORS, TTL, secrets"):
        resources = physical_ids(profile)
        template = _processed_template(profile)
        add_routes(profile, resources, template)
        add_cors(profile, resources, template)
        add_ttl(profile, resources, template)
        allow_mail(profile, resources)
        for secret, value in (("StripeSecret", STRIPE), ("StripeWebhookSecret", STRIPE_WEBHOOK), ("OauthSecret", OAUTH)):
            profile.client("secretsmanager").put_secret_value(SecretId=resources[secret], SecretString=json.dumps(value))
        prepare_for_faults(profile, resources)
        rotate_keys(profile, resources)
    build.remove_old_programs(profile)
    write_json(marker, state)
    return True


def failures(profile):
    """The failures that CloudFormation reports, the first cause first."""
    try:
        events = profile.client("cloudformation").describe_stack_events(StackName=profile.stack)["StackEvents"]
    except Exception:  # no stack: the log of sam deploy has the reason
        return []
    failed = [e for e in reversed(events) if e["ResourceStatus"].endswith("FAILED")]
    return [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', e['ResourceStatus'])}" for e in failed[:10]]


def add_routes(profile, resources, template):
    """Creates the routes of the API's OpenAPI body, which the emulator ignores."""
    api, client = resources["Api"], profile.client("apigatewayv2")
    integrations = {i["IntegrationUri"]: i["IntegrationId"] for i in _all(client.get_integrations(ApiId=api))}
    routes = {r["RouteKey"] for r in _all(client.get_routes(ApiId=api))}
    functions = profile.client("lambda")
    for path, methods in template["Resources"]["Api"]["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            key = "$default" if path == "/$default" else f"{_method(method)} {path}"
            if key in routes:
                continue
            logical = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"].split("${")[-1].split(".")[0]
            arn = functions.get_function_configuration(FunctionName=resources[logical])["FunctionArn"]
            if arn not in integrations:
                integration = client.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0")
                integrations[arn] = integration["IntegrationId"]
            client.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integrations[arn]}")


def add_cors(profile, resources, template):
    cors = template["Resources"]["Api"]["Properties"]["Body"].get("x-amazon-apigateway-cors")
    if not cors:
        return
    # SAM has replaced parameters by their values, and the value of a list parameter is a string with commas.
    values = {key[0].upper() + key[1:]: value.split(",") if isinstance(value, str) else value for key, value in cors.items()}
    profile.client("apigatewayv2").update_api(ApiId=resources["Api"], CorsConfiguration=values)


def add_ttl(profile, resources, template):
    dynamodb = profile.client("dynamodb")
    for logical, resource in template["Resources"].items():
        ttl = resource["Properties"].get("TimeToLiveSpecification") if resource["Type"] == TABLE else None
        if ttl and dynamodb.describe_time_to_live(TableName=resources[logical])["TimeToLiveDescription"]["TimeToLiveStatus"] != "ENABLED":
            dynamodb.update_time_to_live(TableName=resources[logical], TimeToLiveSpecification=ttl)


def allow_mail(profile, resources):
    """Verifies the sender, which an operator does once on AWS. Allows SendEmail on `*`, because the emulator checks it against that resource
    and not against the identity's ARN."""
    sender, ses = profile.stack_parameters()["MailSender"], profile.client("sesv2")
    if sender not in {identity["IdentityName"] for identity in ses.list_email_identities()["EmailIdentities"]}:
        ses.create_email_identity(EmailIdentity=sender)
    # On AWS sqs:SendMessage includes SendMessageBatch; in the emulator it does not.
    _allow(profile, resources, ["NotifierRole"], "ses:SendEmail")
    _allow(profile, resources, ["RelayRole", "HousekeepingRole"], "sqs:SendMessageBatch")


def _allow(profile, resources, roles, action):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    for role in roles:
        profile.client("iam").put_role_policy(RoleName=resources[role], PolicyName="emulator-only", PolicyDocument=json.dumps(policy))


def prepare_for_faults(profile, resources):
    """Sends the functions' calls of DynamoDB through the fault proxy (the SDK prefers the endpoint of a service to the general one), which
    knows the function by the application id, and sets the folder in which fault points look for orders. These are not parameters of the
    template, because they must not exist on AWS."""
    for name, logical in function_names().items():
        if extra := _fault_variables(profile, name):
            _set_variables(profile, resources[logical], extra)


def _fault_variables(profile, function):
    proxy = {"AWS_ENDPOINT_URL_DYNAMODB": profile.proxy_url, "AWS_SDK_UA_APP_ID": function} if profile.proxy_url else {}
    return proxy | ({"SOUK_FAULTS": str(profile.faults)} if profile.faults else {})


def raise_rate_limits(profile):
    """Raises all rate limits of the running stack. It sets the variables that the parameters of the template set, because a deployment takes
    a minute."""
    for name in read_json(profile.description)["functions"].values():
        variables = _variables(profile, name)
        limits = [variable for variable in variables if variable.startswith("SOUK_LIMIT_")]
        counts = [variable for variable in variables if variable.startswith(("SOUK_UNPAID_", "SOUK_DECLINES_", "SOUK_CANCELLATIONS_"))]
        requests = {"SOUK_REQUEST_LIMITS": re.sub(r"\d+", "1000000000", variables["SOUK_REQUEST_LIMITS"])}
        _set_variables(profile, name, dict.fromkeys(limits, UNLIMITED) | dict.fromkeys(counts, "1000000") | requests)


def rotate_keys(profile, resources):
    """Rotates the signing keys once, as AWS does when it creates the schedule. The emulator has no rotation schedules."""
    answer = profile.client("lambda").invoke(FunctionName=resources["KeysFunction"], Payload=b'{"task": "begin"}')
    if answer.get("FunctionError"):
        message = answer["Payload"].read().decode(errors="replace")[:400]
        raise Failure(f"The signing keys could not be created: {message}", profile.log / "emulator.log")


def describe(profile, emulator, logins):
    """Writes stack.json and returns its content. `logins`: the email addresses and passwords of the admin and the customer."""
    resources = physical_ids(profile)
    queues, dlqs, tables = (_by_suffix(resources, suffix) for suffix in ("Queue", "DeadLetters", "Table"))
    dlqs |= {"relay": resources["RelayFailures"], "streams": resources["StreamFailures"], "uploads": resources["UploadFailures"]}
    functions = {name: resources[logical] for name, logical in function_names().items()}
    description = {
        "apiUrl": profile.api_url,
        "emulatorUrl": profile.emulator_url,
        "emulatorPid": emulator.identity()["pid"],
        "stackName": profile.stack,
        "currency": "EUR",
        "paymentMethod": {"provider": "stripe", "token": "pm_card_visa"},
        **logins,
        "mailUrl": profile.mail_url,
        "paymentProviderUrl": profile.provider_url,
        "openIdUrl": profile.openid_url,
        "proxyUrl": profile.proxy_url,
        "faults": profile.faults and str(profile.faults),
        "captureAt": _variables(profile, functions["payments-worker"])["SOUK_CAPTURE_AT"],
        "cartMerge": _variables(profile, functions["cart"])["SOUK_CART_MERGE"],
        "stripe": STRIPE | STRIPE_WEBHOOK,
        "region": REGION,
        "accessKeyId": ACCESS_KEY,
        "secretAccessKey": SECRET_KEY,
        "functions": functions,
        "queues": queues,
        "dlqs": dlqs,
        "tables": tables,
        "bucket": resources["Bucket"],
        "secrets": {
            "signing": resources["SigningSecret"],
            "stripe": resources["StripeSecret"],
            "stripeWebhook": resources["StripeWebhookSecret"],
            "edge": resources["EdgeSecret"],
            "auth": resources["AuthSecret"],
            "rateLimits": resources["RateLimitSecret"],
        },
    }
    write_json(profile.description, description)
    describe_variables(profile, functions)
    return description


def describe_variables(profile, functions):
    """Writes the variables of the deployed functions for `sam local invoke`. It knows only the template, where the name of a table, a queue
    or a secret is its logical id."""
    values = {}
    for name, logical in function_names().items():
        variables = _variables(profile, functions[name]) | {"AWS_ENDPOINT_URL": profile.emulator_url}
        unknown = _fault_variables(profile, name)
        values[logical] = {variable: value for variable, value in variables.items() if variable not in unknown}
    write_json(profile.container_variables, values)


def function_names():
    """The logical id of every crate in functions/: orders-worker -> OrdersWorkerFunction."""
    names = sorted(path.name for path in FUNCTIONS.iterdir() if path.is_dir())
    return {name: "".join(part.capitalize() for part in name.split("-")) + "Function" for name in names}


def _by_suffix(resources, suffix):
    """The physical ids by context: {"orders": …} for the suffix Table and the logical id OrdersTable."""
    return {logical.removesuffix(suffix).lower(): physical for logical, physical in resources.items() if logical.endswith(suffix)}


def physical_ids(profile):
    """The resources of the running stack: logical to physical ids."""
    pages = profile.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=profile.stack)
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for page in pages for r in page["StackResourceSummaries"]}


def _processed_template(profile):
    body = profile.client("cloudformation").get_template(StackName=profile.stack, TemplateStage="Processed")["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else body


def _variables(profile, function):
    return profile.client("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]


def _set_variables(profile, function, changed):
    variables = _variables(profile, function)
    if changed.items() - variables.items():
        profile.client("lambda").update_function_configuration(FunctionName=function, Environment={"Variables": {**variables, **changed}})


def _method(name):
    return "ANY" if name == "x-amazon-apigateway-any-method" else name.upper()


def _all(answer):
    return answer.get("Items", [])
