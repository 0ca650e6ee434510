"""The list of the stack's resources: template.yaml with its loops and SAM's own resources expanded, compared with infra/resources.golden.

A logical id that is lost or renamed deletes the resource and its data, and the loops of the template hide that from a reader.
"""

import logging
import os

from steps import ROOT, Failure, display_path

GOLDEN = ROOT / "infra" / "resources.golden"


def check():
    """Fails if the resources are not those of the golden file. Returns a note with their number."""
    expected, actual = GOLDEN.read_text().splitlines(), listing()
    lines = [f"- {line}" for line in expected if line not in actual] + [f"+ {line}" for line in actual if line not in expected]
    if lines:
        raise Failure(
            "The resources of template.yaml are not those of "
            f"{display_path(GOLDEN)}. A resource with another logical id is a new one, and the old one is deleted with its data:\n"
            + "\n".join(lines)
            + "\nIf this is intended, run `python3 infra/local/souk.py resources` and commit the file."
        )
    return f"{len(actual)} resources"


def write():
    """Writes the golden file."""
    GOLDEN.write_text("\n".join(listing()) + "\n")


def listing():
    """One line for each resource: its type and its logical id, sorted."""
    resources = _translated()["Resources"]
    return sorted(f"{resource['Type']} {logical}" for logical, resource in resources.items())


def _translated():
    """The template as CloudFormation gets it, by the parsers of SAM CLI. Offline: nothing is asked of AWS."""
    os.environ.setdefault("SAM_CLI_TELEMETRY", "0")
    import boto3
    from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
    from samcli.yamlhelper import yaml_parse
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # At its end it would warn that it published no metrics.
    logging.getLogger("samtranslator.metrics.metrics").setLevel(logging.ERROR)
    template = yaml_parse((ROOT / "template.yaml").read_text())
    parameters = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    template = expand_language_extensions(template, parameters, enabled=True).expanded_template
    # The translator accepts code in S3 only, as `sam package` puts it there.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    session = boto3.Session(region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")
    return Translator({}, Parser(), boto_session=session).translate(template, parameters)
