"""Rules of the defences against abuse, for rules.py: alarms that ring, limits that limit, and no way around a CDN.

Each rule is a function that gives one sentence for each resource that breaks it.
"""

import re

# What an environment may allow at most, unless samconfig.toml says otherwise: the numbers of the guides. A parameter with several numbers
# has one bound for each.
_MOST = {
    **{"UnpaidOrdersPerAccount": "3", "UnpaidOrdersPerNetwork": "30", "UnpaidPiecesPerNetwork": "40"},
    **{"DeclinesPerAccount": "10", "DeclinesPerNetwork": "30", "DeclinesPerCard": "10"},
    **{"CancellationsPerAccount": "5", "CancellationsPerNetwork": "20"},
    **{"HoldSeconds": "600", "DeclinedHoldSeconds": "90", "StockShownUpTo": "20", "RefundStepUpAmount": "50000"},
    **{"RequestLimits": "100/300/1000", "OrderLimits": "30/20/300", "QuoteLimits": "30/60/600", "CartLimits": "30/20/300"},
    **{"ReviewLimits": "10/10/100", "UploadLimits": "10/120/1000", "CredentialLimits": "60/60/300"},
    **{"LoginsPerAccount": "10/60", "LoginsPerNetwork": "60/600", "RegistrationsPerEmail": "5/20", "RegistrationsPerNetwork": "20/100"},
    **{"ResetsPerAccount": "3/6", "ResetsPerNetwork": "10/60", "SignInsPerNetwork": "20/200"},
    **{"RequestsPerSecond": "500", "CostlyRequestsPerSecond": "400"},
}
# Which parameter each variable of a function must have: a function that reads another's limit limits nothing.
_VARIABLES = {
    **{"SOUK_UNPAID_ORDERS_ACCOUNT": "UnpaidOrdersPerAccount", "SOUK_UNPAID_ORDERS_NETWORK": "UnpaidOrdersPerNetwork"},
    **{"SOUK_UNPAID_PIECES_NETWORK": "UnpaidPiecesPerNetwork", "SOUK_DECLINES_CARD": "DeclinesPerCard"},
    **{"SOUK_DECLINES_ACCOUNT": "DeclinesPerAccount", "SOUK_DECLINES_NETWORK": "DeclinesPerNetwork"},
    **{"SOUK_CANCELLATIONS_ACCOUNT": "CancellationsPerAccount", "SOUK_CANCELLATIONS_NETWORK": "CancellationsPerNetwork"},
    **{"SOUK_HOLD_SECONDS": "HoldSeconds", "SOUK_DECLINED_HOLD_SECONDS": "DeclinedHoldSeconds"},
    **{"SOUK_STOCK_SHOWN_UP_TO": "StockShownUpTo", "SOUK_REFUND_STEP_UP_AMOUNT": "RefundStepUpAmount"},
    **{"SOUK_INDEX_SHARDS": "IndexShards"},
}
# The alarms on log lines by metric and kind: threshold and period in seconds. docs/logs.md says what each is for.
_ALARMS = {
    ("AlarmLines", None): (0, 60),
    ("SecurityEvents", "refresh_reused"): (0, 60),
    ("SecurityEvents", "role_changed"): (0, 60),
    ("SecurityEvents", "event_forged"): (0, 60),
    ("SecurityEvents", "login_failed"): (100, 300),
    ("SecurityEvents", "customers_read"): (1000, 3600),
}
# The workers of the shop's owner, whose imports must not take executions from customers; and AWS's least limit of parallel runs.
_OWNERS_WORKERS, _LEAST_CONCURRENCY = ("CatalogWorkerFunction", "PrivacyFunction"), 2
# Failed runs in five minutes. Without keys no token is valid, so one is too many there.
_FAILED_RUNS, _FAILED_RUNS_OF_KEYS = 5, 0


def limits_are_those_of_the_guides(stack):
    for name, most in _MOST.items():
        numbers = zip(str(stack.values[name]).split("/"), most.split("/"), strict=True)
        if any(int(number) > int(bound) for number, bound in numbers):
            yield f"{name} is {stack.values[name]}, and the guides say {most}."


def functions_get_their_own_limits(stack):
    for function, properties in stack.of("AWS::Lambda::Function").items():
        for variable, value in properties["Environment"]["Variables"].items():
            parameter = _VARIABLES.get(variable)
            # The translator leaves the references of `Globals` as they are.
            if parameter and value != {"Ref": parameter} and str(value) != str(stack.values[parameter]):
                yield f"{function} has {variable}={value}, which is not {parameter}."


def alarms_on_log_lines_ring(stack):
    found = {}
    for name, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        if alarm.get("Namespace", "AWS/").startswith("AWS/"):
            continue
        kind = next((d["Value"] for d in alarm.get("Dimensions", []) if d["Name"] == "kind"), None)
        found[alarm["MetricName"], kind] = (name, int(alarm["Threshold"]), int(alarm["Period"]))
        counts = (alarm["Statistic"], alarm["ComparisonOperator"], int(alarm["EvaluationPeriods"]))
        if counts != ("Sum", "GreaterThanThreshold", 1):
            yield f"{name} must compare the sum of one period: {counts}."
        if not any(_feeds(metric_filter, alarm, kind) for metric_filter in stack.of("AWS::Logs::MetricFilter").values()):
            yield f"{name}: no metric filter writes {alarm['MetricName']} with these dimensions in its namespace."
    for metric, (threshold, period) in _ALARMS.items():
        if metric not in found:
            yield f"There is no alarm on {metric}."
        elif found[metric][1:] != (threshold, period):
            yield f"{found[metric][0]} rings above {found[metric][1]} in {found[metric][2]} s instead of above {threshold} in {period} s."


def alarms_of_runs_ring(stack):
    for name, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        if name.endswith("FailedRuns"):
            most = _FAILED_RUNS_OF_KEYS if name.startswith("Keys") else _FAILED_RUNS
            if int(alarm["Threshold"]) > most or alarm["ComparisonOperator"] != "GreaterThanThreshold":
                yield f"{name} rings above {alarm['Threshold']} failed runs, and {most} are allowed."


def alarms_notify_the_topic(stack):
    topic = stack.values["AlarmTopicArn"]
    for name, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        if topic and (alarm.get("AlarmActions") != [topic] or alarm.get("ActionsEnabled", True) is not True):
            yield f"{name} does not notify AlarmTopicArn."


def api_is_reached_by_its_domain_only(stack):
    for name, api in stack.of("AWS::ApiGatewayV2::Api").items():
        settings = [server.get("x-amazon-apigateway-endpoint-configuration", {}) for server in api["Body"].get("servers", [])]
        if stack.values["ApiDomain"] and not any(one.get("disableExecuteApiEndpoint") is True for one in settings):
            yield f"{name} keeps its execute-api endpoint beside ApiDomain, so callers can go around a CDN."


def firewall_is_attached(stack):
    for name, distribution in stack.of("AWS::CloudFront::Distribution").items():
        if stack.values["WebAclArn"] and distribution["DistributionConfig"].get("WebACLId") != stack.values["WebAclArn"]:
            yield f"{name} has no WebACLId, and WebAclArn is set."


def callers_behind_a_cdn_are_told_apart(stack):
    """Without the secret a function would count all customers of the CDN as a few addresses of CloudFront."""
    for function in _behind_the_api(stack):
        secrets = stack.resources[function]["Properties"]["Environment"]["Variables"].get("SOUK_EDGE_SECRETS")
        if bool(secrets) != bool(stack.values["TrustedEdge"]):
            yield f"{function} must have SOUK_EDGE_SECRETS if and only if TrustedEdge is set: {secrets}."


def work_of_the_owner_leaves_executions(stack):
    for name, mapping, _source, function in stack.mappings():
        most = mapping.get("ScalingConfig", {}).get("MaximumConcurrency", _LEAST_CONCURRENCY)
        if function in _OWNERS_WORKERS and int(most) > _LEAST_CONCURRENCY:
            yield f"{name} may run {most} times at once, and {_LEAST_CONCURRENCY} are allowed for work of the shop's owner."


def functions_are_invoked_for_this_account_only(stack):
    """A service may act for every account: without a source, a stranger could have it invoke the function (the confused deputy)."""
    for name, permission in stack.of("AWS::Lambda::Permission").items():
        if "SourceArn" not in permission and "SourceAccount" not in permission:
            yield f"{name} needs SourceArn or SourceAccount."


def images_come_from_the_bucket_in_its_region(stack):
    """The global name of a new bucket redirects for hours, and then a distribution answers with the bucket's own URL."""
    for name, distribution in stack.of("AWS::CloudFront::Distribution").items():
        for origin in distribution["DistributionConfig"]["Origins"]:
            if "RegionalDomainName" not in str(origin["DomainName"]):
                yield f"{name} needs the RegionalDomainName of the bucket as its origin."


def distribution_is_a_choice(stack):
    if stack.values["UseCdn"] == "false" and stack.of("AWS::CloudFront::Distribution"):
        yield "UseCdn is false, and there is a distribution, which a new AWS account may not create."


def bucket_is_private(stack):
    """Without a distribution, only the images are public, by the policy of the bucket."""
    for name, bucket in stack.of("AWS::S3::Bucket").items():
        block = bucket.get("PublicAccessBlockConfiguration", {})
        needed = {"BlockPublicAcls", "IgnorePublicAcls"} | ({"BlockPublicPolicy", "RestrictPublicBuckets"} if stack.values["UseCdn"] == "true" else set())
        if missing := sorted(option for option in needed if block.get(option) is not True):
            yield f"{name} must have {', '.join(missing)}."
    for name, policy in stack.of("AWS::S3::BucketPolicy").items():
        statements = policy["PolicyDocument"]["Statement"]
        if not any(s["Effect"] == "Deny" and s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} for s in statements):
            yield f"{name} must deny requests without TLS."
        for s in statements:
            if s["Effect"] == "Allow" and (s["Action"] != "s3:GetObject" or not str(s["Resource"]).endswith("/media/*'}")):
                yield f"{name} allows {s['Action']} of {s['Resource']} to {s['Principal']}."


def mail_can_be_sent_from_the_sandbox(stack):
    """In the sandbox of SES, AWS also checks the identity of the recipient. In prod only the sender's identity is needed."""
    for role in stack.of("AWS::IAM::Role"):
        for statement in stack.raw_statements(role):
            if "ses:SendEmail" not in statement["Action"]:
                continue
            is_any = str(statement["Resource"]).count("identity/*") == 1
            if is_any == (stack.values["Stage"] == "prod"):
                yield f"{role} may send with {statement['Resource']}."
            if statement.get("Condition") != {"StringEquals": {"ses:FromAddress": stack.values["MailSender"]}}:
                yield f"{role} may send mails from other addresses than MailSender."


def visibility_follows_every_timeout(stack):
    """Also for the timeouts that no environment has chosen."""
    for name in ("WorkerTimeoutSeconds", "IndexerTimeoutSeconds"):
        for timeout in stack.parameters[name].get("AllowedValues", ["any"]):
            seconds = stack.mapping_table("Visibility").get(timeout, {}).get("Seconds", 0)
            if not timeout.isdigit() or int(seconds) < 6 * int(timeout):
                yield f"{name} may be {timeout}, and the mapping Visibility has {seconds} s for it."


def parameters_refuse_wrong_values(stack):
    """CloudFormation compares the whole value with the pattern of a parameter."""
    wrong = {
        "PublicUrl": ("http://example.com", "https://example.com/", "https://", "http://localhost:3000"),
        "AllowedOrigins": ("*", "https://shop.example.com/", "shop.example.com", "null"),
        "MailSender": ("Shop <a@example.com>", "example.com", "a@example.com, b@example.com"),
        "MailSenderName": ("Shop <a@example.com>", "a\r\nBcc: b@example.com", '"'),
        "StripeUrl": ("http://example.com", "http://127.0.0.1.example.com", "file:///etc", ""),
        "TrustedJwksUrl": ("http://example.com", "http://127.0.0.1.example.com", "file:///etc"),
        "LoginsPerAccount": ("0/0", "10", "-1/5", "many"),
        "RequestLimits": ("0/300/1000", "100/300", "100/300/0"),
    }
    for name, values in wrong.items():
        pattern = stack.parameters[name].get("AllowedPattern", ".*")
        for value in values:
            if re.fullmatch(pattern, value):
                yield f"{name} may be {value!r}."
        default = stack.parameters[name]["Default"]
        if not re.fullmatch(pattern, str(default)) or "localhost" in str(default):
            yield f"{name} has the default {default!r}."


RULES = (
    limits_are_those_of_the_guides,
    functions_get_their_own_limits,
    alarms_on_log_lines_ring,
    alarms_of_runs_ring,
    alarms_notify_the_topic,
    api_is_reached_by_its_domain_only,
    firewall_is_attached,
    callers_behind_a_cdn_are_told_apart,
    work_of_the_owner_leaves_executions,
    functions_are_invoked_for_this_account_only,
    images_come_from_the_bucket_in_its_region,
    distribution_is_a_choice,
    bucket_is_private,
    mail_can_be_sent_from_the_sandbox,
    visibility_follows_every_timeout,
    parameters_refuse_wrong_values,
)


def _behind_the_api(stack):
    """The functions that API Gateway may invoke."""
    permissions = stack.of("AWS::Lambda::Permission").values()
    return sorted({p["FunctionName"]["Ref"] for p in permissions if p["Principal"] == "apigateway.amazonaws.com"})


def _feeds(metric_filter, alarm, kind):
    """Whether a metric filter writes the metric of an alarm, with a dimension for its kind."""
    return any(
        (t["MetricNamespace"], t["MetricName"]) == (alarm["Namespace"], alarm["MetricName"])
        and bool(t.get("Dimensions")) == (kind is not None)
        for t in metric_filter["MetricTransformations"]
    )
