"""The metric filters and alarms of template.yaml, applied to what the functions logged in the suites.

The emulator evaluates no metric filter, and on AWS a filter that matches nothing is silent: an alarm that can never ring looks like a quiet
shop. So each alarm on log lines must be fed by a real line.
"""

import json
import re

from rules import Stack
from stack import function_names
from steps import ROOT, Failure
from translated import parameters, translated, without_absent_resources

_ENVIRONMENT = "dev"
_PAGE = ROOT / "docs" / "logs.md"
# A term of a filter pattern for JSON lines: `$.security = "*"`, `$.count > 0`.
_TERM = re.compile(r'\$\.([\w.]+) (=|>) ("(?:[^"\\]*)"|-?\d+)')


def check(profile):
    """Fails if a line that an alarm is for would not reach it, or if the alarms are not those of docs/logs.md. Returns a note."""
    stack = _stack()
    groups = {f"{logical.removesuffix('Function')}Logs": name for name, logical in function_names().items()}
    points, lines = {}, 0
    for metric_filter in stack.of("AWS::Logs::MetricFilter").values():
        file = profile.log / "functions" / f"{groups[metric_filter['LogGroupName']['Ref']]}.log"
        for line in file.read_text(errors="replace").splitlines() if file.exists() else ():
            for point, value in data_points(metric_filter, line):
                points[point] = points.get(point, 0) + value
                lines += 1
    findings = silent_alarms(stack, points) + undocumented_alarms(stack, _PAGE.read_text())
    if findings:
        raise Failure("Alarms of template.yaml and the log lines of the suites do not fit:\n    " + "\n    ".join(findings))
    return f"{len(_on_lines(stack))} alarms, {lines} lines"


def check_cases():
    """Fails if the filters of the template, or what they are compared with, do not notice what they must. Returns a note."""
    stack = _stack()
    metric_filters = stack.of("AWS::Logs::MetricFilter")
    security, alarm = metric_filters["AuthSecurityLines"], metric_filters["AuthAlarmLines"]
    # As telemetry writes them (shared/telemetry/src/security.rs).
    line = {"level": "WARN", "target": "identity", "message": "security event", "actor": "none", "subject": "none", "count": 3}
    line |= {"security": "login_failed", "span": {"name": "request", "correlation.id": "a"}}
    login = (("SecurityEvents", (("kind", "login_failed"),)), 3.0)
    # As Lambda writes its own lines in the log format JSON.
    timeout = {"time": "2026-11-30T04:00:00.000Z", "type": "platform.report", "record": {"requestId": "a", "status": "timeout"}}
    cases = (
        (security, line, [login]),
        (security, line | {"security": None}, []),
        (security, line | {"count": 0}, []),
        (security, line | {"count": "3"}, []),
        (security, {"span": line}, []),
        (security, {"alarm": "payment.mismatched"}, []),
        (alarm, {"alarm": "payment.mismatched"}, [(("AlarmLines", ()), 1.0)]),
        (alarm, line, []),
        (security, timeout, []),
        (alarm, timeout, []),
        (_changed(security, MetricValue="$.counts"), line, []),
        (_changed(security, Dimensions=[{"Key": "kind", "Value": "$.kind"}]), line, []),
        (_changed(security, MetricValue="1"), line, [(login[0], 1.0)]),
    )
    for metric_filter, written, expected in cases:
        if (actual := list(data_points(metric_filter, json.dumps(written)))) != expected:
            raise Failure(f"infra/local/alarms.py must count {written} as {expected}, not as {actual}.")
    if list(data_points(security, "START RequestId: 1")):
        raise Failure("infra/local/alarms.py must ignore lines that are no JSON.")
    silent = silent_alarms(stack, dict([login]))
    if len(silent) != len(_on_lines(stack)) - 1 or any(text.startswith("LoginFailedAlarm") for text in silent):
        raise Failure(f"Only LoginFailedAlarm is fed by a failed login: {silent}.")
    page = _PAGE.read_text()
    if undocumented_alarms(stack, page) or len(undocumented_alarms(stack, page.replace("`RoleChangedAlarm`", "`OtherAlarm`"))) != 2:
        raise Failure("The alarms of template.yaml and docs/logs.md differ, or a difference is not noticed.")
    return f"{len(cases) + 3} cases"


def data_points(metric_filter, line):
    """What a metric filter makes of a line, as CloudWatch does: pairs of a metric with its dimensions, and a value. None if it does not match."""
    try:
        line = json.loads(line)
    except ValueError:
        return
    if not isinstance(line, dict) or not _matches(metric_filter["FilterPattern"], line):
        return
    for transformation in metric_filter["MetricTransformations"]:
        value = _of_line(transformation["MetricValue"], line)
        dimensions = {d["Key"]: _of_line(d["Value"], line) for d in transformation.get("Dimensions", [])}
        # CloudWatch makes no data point without a number, or without the value of a dimension.
        if _is_number(value) and all(isinstance(text, str) for text in dimensions.values()):
            yield (transformation["MetricName"], tuple(sorted(dimensions.items()))), float(value)


def silent_alarms(stack, points):
    """The alarms on log lines that no line feeds."""
    named = {name: (alarm["MetricName"], tuple((d["Name"], d["Value"]) for d in alarm.get("Dimensions", []))) for name, alarm in _on_lines(stack).items()}
    return [f"{name}: no line of the suites is counted as {point}." for name, point in named.items() if points.get(point, 0) <= 0]


def undocumented_alarms(stack, page):
    """The differences between the alarms on security events and those that the page lists."""
    listed = set(re.findall(r"^\| `(\w+Alarm)`", page, re.MULTILINE))
    made = {name for name, alarm in _on_lines(stack).items() if alarm["MetricName"] == "SecurityEvents"}
    return [f"{name} is in one of template.yaml and docs/logs.md only." for name in sorted(listed ^ made)]


def _stack():
    values = parameters(_ENVIRONMENT)
    return Stack(without_absent_resources(translated(values)), values)


def _changed(metric_filter, **members):
    """The filter with another transformation."""
    return metric_filter | {"MetricTransformations": [metric_filter["MetricTransformations"][0] | members]}


def _on_lines(stack):
    """The alarms on the metrics of the stack's own filters."""
    return {name: alarm for name, alarm in stack.of("AWS::CloudWatch::Alarm").items() if not alarm.get("Namespace", "AWS/").startswith("AWS/")}


def _matches(pattern, line):
    """Whether a line matches a filter pattern for JSON. Fails for a pattern of another form than souk's."""
    terms = [_TERM.fullmatch(term) for term in pattern.removeprefix("{ ").removesuffix(" }").split(" && ")]
    if not all(terms):
        raise Failure(f"infra/local/alarms.py does not know the filter pattern {pattern}.")
    return all(_holds(_member(line, name), operator, json.loads(wanted)) for name, operator, wanted in (term.groups() for term in terms))


def _holds(actual, operator, wanted):
    if operator == ">":
        return _is_number(actual) and actual > wanted
    if isinstance(wanted, str):
        return isinstance(actual, str) and re.fullmatch(re.escape(wanted).replace(r"\*", ".*"), actual) is not None
    return _is_number(actual) and actual == wanted


def _of_line(value, line):
    """`$.count` of the line; another value as it is."""
    if value.startswith("$."):
        return _member(line, value.removeprefix("$."))
    return float(value)


def _member(line, name):
    for part in name.split("."):
        line = line.get(part) if isinstance(line, dict) else None
    return line


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)
