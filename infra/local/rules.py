"""Rules of AWS, and of this house, that the emulator does not enforce: checked on the translated template of each environment.

Each rule is a function that gives one sentence for each resource that breaks it.
"""

import json
import re

import defences
import table_rules
from python_tools import BIN
from steps import Failure, clean_environment, run
from table_rules import TABLE
from translated import parameters, translated, without_absent_resources

DEPLOYED = ("dev", "staging", "prod")
# What an environment may override: each of these is checked once in dev.
VARIANTS = {
    "without a distribution": {"UseCdn": "false"},
    "with a trusted issuer": {"TrustedIssuer": "https://id.example.com"},
    "behind a CDN and with a topic": {
        **{"TrustedEdge": "1", "ApiDomain": "api.example.com"},
        "ApiCertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
        "AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms",
        "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/11111111-2222-3333-4444-555555555555",
    },
}
# AWS lets a function stop such a loop after 16 messages, unless the function allows it.
_SENDS = "sqs:SendMessage"
# AWS advises a visibility timeout of six times the function's timeout.
_VISIBILITY_FACTOR = 6
# Properties that give a resource a fixed name.
_NAMES = ("BucketName", "TableName", "Name", "QueueName", "LogGroupName", "RoleName")
_IN_SUB = re.compile(r"\$\{([\w.]+)\}")
_ARNS = {
    (TABLE, "Arn"): "arn:aws:dynamodb:eu-central-1:123456789012:table/{}",
    (TABLE, "StreamArn"): "arn:aws:dynamodb:eu-central-1:123456789012:table/{}/stream/2026-01-01",
    ("AWS::Logs::LogGroup", "Arn"): "arn:aws:logs:eu-central-1:123456789012:log-group:{}:*",
    ("AWS::S3::Bucket", "Arn"): "arn:aws:s3:::{}",
    ("AWS::SQS::Queue", "Arn"): "arn:aws:sqs:eu-central-1:123456789012:{}",
    ("AWS::SecretsManager::Secret", "Id"): "arn:aws:secretsmanager:eu-central-1:123456789012:secret:{}-AbCdEf",
}
# What an access log may contain: no path, query string or header, which may have a token, and no IP address.
_LOGGED = {
    *("$context.requestTimeEpoch", "$context.requestId", "$context.routeKey", "$context.status", "$context.error.responseType"),
    *("$context.responseLatency", "$context.integrationLatency", "$context.integrationStatus", "$context.responseLength"),
}
# Actions that AWS knows for no single resource.
_WITHOUT_RESOURCE = {"dynamodb:ListStreams"}


def check(profile):
    """Lints the template and applies the rules, for each environment. Returns a note."""
    broken, files = [], []
    cases = {environment: parameters(environment) for environment in DEPLOYED} | {
        f"dev {name}": parameters("dev") | overrides for name, overrides in VARIANTS.items()
    }
    for environment, values in cases.items():
        template = without_absent_resources(translated(values))
        file = profile.state / f"template-{environment.replace(' ', '-')}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(template, indent=1))
        files.append(file)
        broken += [f"{environment}: {sentence}" for rule in RULES for sentence in rule(Stack(template, values))]
    if broken:
        raise Failure("template.yaml breaks rules of infra/local/rules.py:\n    " + "\n    ".join(broken))
    # Warnings are about template.yaml's conditions, which have been decided here.
    run(
        [BIN / "cfn-lint", "--ignore-checks", "W", "--template", *files],
        log=profile.log / "environments.log",
        env=clean_environment(),
        failure="cfn-lint found errors in the template of an environment: see above.",
    )
    return f"{len(RULES)} rules, {len(cases)} templates"


class Stack:
    """A translated template, and what belongs together in it."""

    def __init__(self, template, values):
        self.resources, self.parameters, self.values = template["Resources"], template["Parameters"], values
        self._mappings = template["Mappings"]

    def of(self, kind):
        """The resources of a type: logical id and properties."""
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] == kind}

    def raw_statements(self, role):
        """The statements of a role, with lists of actions and resources."""
        for policy in self.of("AWS::IAM::Role")[role]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield statement | {"Action": _list(statement["Action"]), "Resource": _list(statement["Resource"])}

    def statements(self, role):
        """The same, with the logical ids of the resources."""
        for statement in self.raw_statements(role):
            yield statement | {"Resource": [_target(resource) for resource in statement["Resource"]]}

    def arn(self, value):
        """An ARN as AWS would make it for a Ref, a GetAtt or a Sub; other values as they are."""
        if isinstance(value, dict) and "Fn::Sub" in value:
            return _IN_SUB.sub(lambda match: self.arn({"Fn::GetAtt": match[1].split(".")}), value["Fn::Sub"])
        if not isinstance(value, dict):
            return value
        attribute = value["Fn::GetAtt"][1]
        return _ARNS[self.resources[_target(value)]["Type"], attribute].format(_target(value).lower())

    def mapping_table(self, name):
        """A table of the template's Mappings."""
        return self._mappings[name]

    def mappings(self):
        """The event source mappings: logical id, properties, the source and the function."""
        for name, mapping in self.of("AWS::Lambda::EventSourceMapping").items():
            yield name, mapping, _target(mapping["EventSourceArn"]), _target(mapping["FunctionName"])

    def is_watched(self, queue):
        """Whether an alarm counts the messages of the queue."""
        return any(
            alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible" and _target(alarm["Dimensions"][0]["Value"]) == queue
            for alarm in self.of("AWS::CloudWatch::Alarm").values()
        )


def own_queues_allow_loops(stack):
    for name, _mapping, queue, function in stack.mappings():
        sends = [s for s in stack.statements(_role(stack, function)) if _SENDS in s["Action"] and queue in s["Resource"]]
        if sends and stack.resources[function]["Properties"].get("RecursiveLoop") != "Allow":
            yield f"{function} sends messages to {queue}, which starts it ({name}), so it needs RecursiveLoop: Allow."


def messages_are_invisible_long_enough(stack):
    for name, _mapping, queue, function in stack.mappings():
        if queue in stack.of("AWS::SQS::Queue"):
            timeout = int(stack.resources[function]["Properties"]["Timeout"])
            visibility = int(stack.resources[queue]["Properties"]["VisibilityTimeout"])
            if visibility < _VISIBILITY_FACTOR * timeout:
                yield f"{queue} is invisible for {visibility} s; {function} may run for {timeout} s, so {_VISIBILITY_FACTOR * timeout} s are needed."


def queues_have_dead_letters_with_alarms(stack):
    for _name, _mapping, queue, _function in stack.mappings():
        if queue not in stack.of("AWS::SQS::Queue"):
            continue
        policy = stack.resources[queue]["Properties"].get("RedrivePolicy")
        if not policy:
            yield f"{queue} has no dead-letter queue."
        elif not stack.is_watched(_target(policy["deadLetterTargetArn"])):
            yield f"The dead-letter queue of {queue} has no alarm."


def failures_go_to_watched_queues(stack):
    destinations = {name: mapping for name, mapping, source, _function in stack.mappings() if source not in stack.of("AWS::SQS::Queue")}
    for name, properties in (destinations | stack.of("AWS::Lambda::EventInvokeConfig")).items():
        target = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if not target or not stack.is_watched(_target(target)):
            yield f"{name} needs OnFailure with a queue that has an alarm."


def workers_leave_executions_to_customers(stack):
    for name, mapping, queue, _function in stack.mappings():
        is_fifo = stack.resources[queue].get("Properties", {}).get("FifoQueue")
        if queue in stack.of("AWS::SQS::Queue") and not is_fifo and "MaximumConcurrency" not in mapping.get("ScalingConfig", {}):
            yield f"{name} needs ScalingConfig.MaximumConcurrency, or a full queue takes all executions of the account."


def first_deployment_can_be_repeated(stack):
    for name, resource in stack.resources.items():
        properties = resource.get("Properties", {})
        has_fixed_name = any(member in properties for member in _NAMES)
        if resource.get("DeletionPolicy") == "Retain" and has_fixed_name:
            yield f"{name} would stay after a failed first deployment, and its name would block the next one: use RetainExceptOnCreate."


def data_outlives_the_stack(stack):
    if stack.values["Stage"] != "prod":
        return
    for kind in (TABLE, "AWS::S3::Bucket"):
        for name in stack.of(kind):
            resource = stack.resources[name]
            if resource.get("DeletionPolicy") not in ("Retain", "RetainExceptOnCreate") or resource.get("UpdateReplacePolicy") != "Retain":
                yield f"{name} has data and must be kept in prod."


def buckets_are_named_for_their_region(stack):
    for name, bucket in stack.of("AWS::S3::Bucket").items():
        if "eu-central-1" not in json.dumps(bucket.get("BucketName", "eu-central-1")):
            yield f"{name} has a fixed name without the region, so the stack can be deployed in one region only."


def permissions_are_narrow(stack):
    for role in stack.of("AWS::IAM::Role"):
        for statement in stack.statements(role):
            actions = [action for action in statement["Action"] if "*" in action or not _WITHOUT_RESOURCE.issuperset([action])]
            if any("*" in action for action in actions):
                yield f"{role} has an action with a wildcard: {actions}."
            if "*" in statement["Resource"] and actions:
                yield f"{role} may do {actions} with every resource."


def policies_are_sound(stack):
    """Parliament knows each action, its resources and its conditions."""
    import parliament

    for role in stack.of("AWS::IAM::Role"):
        statements = [s | {"Resource": [stack.arn(r) for r in s["Resource"]]} for s in stack.raw_statements(role)]
        for finding in parliament.analyze_policy_string(json.dumps({"Version": "2012-10-17", "Statement": statements})).findings:
            yield f"{role}: {finding.issue}: {finding.detail}"


def functions_are_watched(stack):
    alarms = [json.dumps(alarm.get("Metrics", [])) for alarm in stack.of("AWS::CloudWatch::Alarm").values()]
    filters = stack.of("AWS::Logs::MetricFilter").values()
    counted = {field: [json.dumps(f) for f in filters if f"$.{field} " in f["FilterPattern"]] for field in ("alarm", "security")}
    for function, properties in stack.of("AWS::Lambda::Function").items():
        group = _target(properties["LoggingConfig"]["LogGroup"])
        if not any(f'"Ref": "{function}"' in metrics and "Errors" in metrics and "Throttles" in metrics for metrics in alarms):
            yield f"{function} has no alarm for errors and throttles."
        for field, lines in counted.items():
            if not any(f'"Ref": "{group}"' in line for line in lines):
                yield f"No metric filter counts the lines with `{field}` in {group}."


def lambda_logs_failures_only(stack):
    for function, properties in stack.of("AWS::Lambda::Function").items():
        logging = properties.get("LoggingConfig", {})
        if (logging.get("LogFormat"), logging.get("SystemLogLevel")) != ("JSON", "WARN"):
            yield f"{function} needs LogFormat: JSON and SystemLogLevel: WARN, or Lambda logs and bills three lines for each invocation."
        if logging.get("ApplicationLogLevel") != "TRACE":
            yield f"{function} needs ApplicationLogLevel: TRACE, or Lambda drops lines of souk, and alarms may count them."


def requests_are_throttled_and_logged(stack):
    routes = {_route(path, method) for api in stack.of("AWS::ApiGatewayV2::Api").values() for path, ms in api["Body"]["paths"].items() for method in ms}
    for name, stage in stack.of("AWS::ApiGatewayV2::Stage").items():
        settings = {"DefaultRouteSettings": stage.get("DefaultRouteSettings", {}), **stage.get("RouteSettings", {})}
        for route, throttle in settings.items():
            if not (throttle.get("ThrottlingRateLimit") and throttle.get("ThrottlingBurstLimit")):
                yield f"{name}: {route} has no throttle."
        default = settings["DefaultRouteSettings"].get("ThrottlingRateLimit", 0)
        for route, throttle in settings.items():
            if 2 * throttle.get("ThrottlingRateLimit", 0) < default:
                yield f"{name}: {route} has less than half of the default, and all callers share it, so one of them keeps out everybody."
        for route in settings.keys() - routes - {"DefaultRouteSettings"}:
            yield f"{name} has a throttle for {route}, which is no route, so AWS refuses the stage."
        log = stage.get("AccessLogSettings", {}).get("Format")
        if not log:
            yield f"{name} has no access log."
            continue
        for value in sorted(set(json.loads(log).values()) - _LOGGED):
            yield f"{name} logs {value}. Only {', '.join(sorted(_LOGGED))} contain no token and no personal data."


def callers_are_counted(stack):
    """Each function behind the API can count requests, and has the key for it."""
    for function, properties in stack.of("AWS::Lambda::Function").items():
        permissions = [_target(p["FunctionName"]) for p in stack.of("AWS::Lambda::Permission").values() if p["Principal"] == "apigateway.amazonaws.com"]
        if function not in permissions:
            continue
        if "SOUK_RATE_LIMIT_KEY" not in properties["Environment"]["Variables"]:
            yield f"{function} needs SOUK_RATE_LIMIT_KEY."
        updates = [s for s in stack.statements(_role(stack, function)) if "dynamodb:UpdateItem" in s["Action"] and "IdentityTable" in s["Resource"]]
        keys = [s.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", ["LIMIT#*"]) for s in updates]
        if not any("LIMIT#*" in family for family in keys):
            yield f"{function} must be allowed to update the rows LIMIT#* of IdentityTable."


def key_of_device_tokens_is_in_two_functions(stack):
    """Whoever has the key can make device tokens, so no other function has it."""
    for function, properties in stack.of("AWS::Lambda::Function").items():
        variables = properties["Environment"]["Variables"]
        names = [name for name, value in variables.items() if "AuthSecret" in json.dumps(value)]
        expected = ["SOUK_AUTH_KEY"] if function in ("AuthFunction", "OauthFunction") else []
        if names != expected:
            yield f"{function} must have AuthSecret in {expected or 'no variable'}, and has it in {names or 'none'}."


def shop_is_reached_by_https(stack):
    if stack.values["Stage"] == "dev":
        return
    origins = stack.values["AllowedOrigins"].split(",")
    pages = stack.values["PasskeyOrigins"].split(",")
    for url in (stack.values["PublicUrl"], stack.values["FrontendUrl"], *origins, *pages):
        if not url.startswith("https://"):
            yield f"{url} is not https."


def passkeys_work_on_their_pages(stack):
    domain = stack.values["PasskeyRpId"]
    for origin in stack.values["PasskeyOrigins"].split(","):
        host = origin.split("://")[1].split(":")[0]
        if host != domain and not host.endswith(f".{domain}"):
            yield f"{origin} is not on {domain}, so browsers refuse passkeys there."


def servers_are_called_by_https(stack):
    """The servers outside AWS. Functions also refuse such a URL when they start."""
    for name in ("StripeUrl", "TrustedJwksUrl", "GoogleIssuer", "GithubUrl", "GithubApiUrl"):
        url = stack.values[name]
        if url and not url.startswith("https://"):
            yield f"{name} is {url}, which is not https."


RULES = (
    own_queues_allow_loops,
    messages_are_invisible_long_enough,
    queues_have_dead_letters_with_alarms,
    failures_go_to_watched_queues,
    workers_leave_executions_to_customers,
    first_deployment_can_be_repeated,
    data_outlives_the_stack,
    buckets_are_named_for_their_region,
    permissions_are_narrow,
    policies_are_sound,
    functions_are_watched,
    lambda_logs_failures_only,
    passkeys_work_on_their_pages,
    requests_are_throttled_and_logged,
    callers_are_counted,
    key_of_device_tokens_is_in_two_functions,
    shop_is_reached_by_https,
    servers_are_called_by_https,
    *table_rules.RULES,
    *defences.RULES,
)


def _route(path, method):
    """The route key of API Gateway for a path and a method of an API's body."""
    method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
    return path.strip("/") if path.strip("/") == "$default" else f"{method} {path}"


def _role(stack, function):
    return _target(stack.resources[function]["Properties"]["Role"])


def _target(value):
    """The logical id that a Ref or a GetAtt names; other values as they are."""
    if isinstance(value, dict):
        if "Ref" in value:
            return value["Ref"]
        if "Fn::GetAtt" in value:
            attribute = value["Fn::GetAtt"]
            return attribute.split(".")[0] if isinstance(attribute, str) else attribute[0]
        return json.dumps(value)
    return value


def _list(value):
    return value if isinstance(value, list) else [value]
