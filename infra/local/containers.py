"""Functions in containers, by `sam local invoke`: they get packages as on AWS, and the variables of the functions of a local stack."""

import json
import subprocess

import samples
from profiles import REGION, host_target, read_json
from python_tools import PYTHON
from stack import function_names
from steps import ROOT, Failure, say, step

_SAM = [PYTHON, ROOT / "infra" / "local" / "host_network.py", "local", "invoke"]

# Set by the file only: on AWS the variable does not exist.
_ONLY_LOCAL = {"AWS_ENDPOINT_URL"}


def check_runtime():
    """Fails if SAM finds neither Docker nor Finch."""
    from samcli.local.docker.exceptions import ContainerEnforcementException, ContainerNotReachableException
    from samcli.local.docker.utils import get_validated_container_client

    try:
        get_validated_container_client()
    except (ContainerEnforcementException, ContainerNotReachableException):
        raise Failure("No container runtime answers: start Docker, or name the socket of another one in DOCKER_HOST.") from None


def invoke(profile, function, event):
    """Runs a function with an event in a container. Its package must be in `profile.packages`. Returns its answer, a JSON value."""
    command = [
        *(*_SAM, function_names()[function], "--event", "-", "--template-file", profile.packages / "template.yaml"),
        *("--env-vars", profile.container_variables, "--region", REGION, "--docker-network", "host", "--language-extensions"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in _parameters().items())),
    ]
    run = subprocess.run(command, input=event, env=profile.environment(), cwd=ROOT, capture_output=True, text=True)
    file = log(profile, function)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(run.stderr)
    try:
        return json.loads(run.stdout)
    except ValueError:
        say("\n" + "\n".join(f"    {line}" for line in [*run.stderr.splitlines()[-15:], *run.stdout.splitlines()[-5:]]))
        raise Failure(f"{function} gave no answer in its container: see above.", file) from None


def log(profile, function):
    """What SAM and the function wrote in the last run."""
    return profile.log / "containers" / f"{function}.log"


def invoke_all(profile, description, functions):
    """Runs these functions with all their samples. Fails if an answer is not the expected one."""
    findings, count = [], 0
    for function in functions:
        for path in samples.of(function):
            count += 1
            event = samples.read(path, description["tables"])
            with step(str(path.relative_to(samples.FOLDER))) as s:
                finding = samples.mismatch(path, event, invoke(profile, function, event))
                s.note = "unexpected" if finding else ""
            findings += [finding] if finding else []
    if findings:
        raise Failure("\n  ".join(["Functions gave unexpected answers in containers:", *findings]), profile.log / "containers")
    say(f"  {count} events gave the expected answers.")


def check(profile):
    """Asks SAM which variables it would give each function. Fails if a container would miss one of the deployed function. Returns a note."""
    from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
    from samcli.lib.providers.sam_function_provider import SamFunctionProvider
    from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

    values = read_json(profile.container_variables)
    template = str(profile.built / "template.yaml")
    stacks, _remote = SamLocalStackProvider.get_stacks(template, parameter_overrides=_parameters(), language_extensions_enabled=True)
    runner = LocalLambdaRunner(None, SamFunctionProvider(stacks), str(profile.built), str(profile.built), aws_region=REGION, env_vars_values=values)
    findings = []
    for function, logical in function_names().items():
        sam_function = runner.get_function(logical)
        given = runner.get_invoke_config(sam_function).env_vars.resolve()
        findings += [f"{function} does not get {name}." for name, value in values[logical].items() if given.get(name) != value]
        findings += [f"{function} gets an unresolved {name}." for name, value in given.items() if "${" in value or "{{resolve" in value]
        # Without the file, SAM leaves such a variable empty.
        unresolved = {name for name, value in sam_function.environment["Variables"].items() if isinstance(value, dict)} - _ONLY_LOCAL
        findings += [f"{function} has {name}, which SAM cannot resolve: use !Ref." for name in sorted(unresolved)]
    if findings:
        raise Failure("`sam local invoke` cannot set all variables of template.yaml:\n    " + "\n    ".join(findings))
    return f"{sum(map(len, values.values()))} variables"


def _parameters():
    return {"Stage": "local", "Architecture": host_target()[0]}
