"""template.yaml as CloudFormation gets it: loops and SAM's resources expanded, by the parsers of SAM CLI. Offline: nothing is asked of AWS."""

import logging
import os
import shlex
import tomllib

from steps import ROOT

ENVIRONMENTS = ("local", "dev", "staging", "prod")
STACK_NAME = "souk"
# Without these, the parsers would turn `!Sub ${AWS::Region}` into a text with a placeholder.
_PSEUDO_PARAMETERS = {
    **{"AWS::AccountId": "123456789012", "AWS::Region": "eu-central-1", "AWS::Partition": "aws"},
    **{"AWS::URLSuffix": "amazonaws.com", "AWS::StackName": STACK_NAME},
}


def parameters(environment=None):
    """The values of the template's parameters: the defaults and, with an environment, what samconfig.toml overrides for it."""
    values = {name: parameter.get("Default") for name, parameter in _template()["Parameters"].items()}
    if environment:
        config = tomllib.loads((ROOT / "samconfig.toml").read_text())
        overrides = shlex.split(config[environment]["deploy"]["parameters"]["parameter_overrides"])
        values |= dict(override.split("=", 1) for override in overrides)
    return values


def translated(values):
    """The translated template for these values of the parameters."""
    os.environ.setdefault("SAM_CLI_TELEMETRY", "0")
    import boto3
    from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # At its end it would warn that it published no metrics.
    logging.getLogger("samtranslator.metrics.metrics").setLevel(logging.ERROR)
    template = expand_language_extensions(_template(), _PSEUDO_PARAMETERS | values, enabled=True).expanded_template
    # The translator accepts code in S3 only, as `sam package` puts it there.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    session = boto3.Session(region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")
    return _with_substitutions(Translator({}, Parser(), boto_session=session).translate(template, values))


def without_absent_resources(template):
    """Leaves out the resources whose condition is false: the parsers drop references in them."""
    conditions = template["Conditions"]
    present = {name: r for name, r in template["Resources"].items() if "Condition" not in r or _holds(conditions[r["Condition"]], conditions)}
    return template | {"Resources": present}


def _holds(condition, conditions):
    """The value of a condition whose parameters are filled in."""
    ((function, operands),) = condition.items()
    if function == "Condition":
        return _holds(conditions[operands], conditions)
    if function == "Fn::Equals":
        return operands[0] == operands[1]
    values = [_holds(operand, conditions) for operand in operands]
    return {"Fn::Not": lambda: not values[0], "Fn::And": lambda: all(values), "Fn::Or": lambda: any(values)}[function]()


def _with_substitutions(node):
    """Puts `Fn::Sub` around texts that still name a resource: the parsers drop it when they have filled in the parameters."""
    if isinstance(node, dict):
        return {key: value if key == "Fn::Sub" else _with_substitutions(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_substitutions(value) for value in node]
    return {"Fn::Sub": node} if isinstance(node, str) and "${" in node else node


def _template():
    from samcli.yamlhelper import yaml_parse

    return yaml_parse((ROOT / "template.yaml").read_text())
