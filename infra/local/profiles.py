"""The three local stacks. Each has ports, state and names of its own, so that a test run never meets a running `make up`."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

from steps import LOCAL, ROOT, Failure, clean_environment

FUNCTIONS = ROOT / "functions"
REGION = "eu-central-1"
# The emulator takes any credentials; these are its convention.
ACCESS_KEY = SECRET_KEY = "test"
# What localstripe and the tests' fake provider accept, and what they sign webhooks with. Worth nothing anywhere else.
STRIPE = {"apiKey": "sk_test_12345", "webhookSecret": "whsec_souk_local_only"}
# This shop's clients at the providers that one signs in with; the fake GitHub (tests/fakes/src/github.rs) takes no others.
OAUTH_CLIENT = "souk-local"
OAUTH = {"google": "google-secret-local-only", "github": "github-secret-local-only"}
# Who the local OpenID provider knows from its start; a suite tells it of others.
GRACE = {"sub": "grace", "email": "grace@souk.local", "email_verified": True, "name": "Grace Hopper"}


def host_target():
    """The machine's Lambda architecture and Rust target: local functions run here, without cross-compiling."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if machine == "x86_64":
        return "x86_64", "x86_64-unknown-linux-gnu"
    if machine == "aarch64":
        return "arm64", "aarch64-unknown-linux-gnu"
    raise Failure(f"This machine is {machine}; Lambda knows x86_64 and arm64 only, so the functions cannot run here.")


@dataclass(frozen=True)
class Profile:
    name: str
    emulator_port: int
    provider_port: int
    state: Path
    proxy_port: int | None = None
    parameters: dict = field(default_factory=dict)
    # What template.yaml does not allow a function then fails here as it would on AWS (but for LeadingKeys conditions, which the emulator
    # does not know). It checks signatures too, so nothing may stand in between that changes a request.
    enforces_roles: bool = False
    # Its functions have fault points and mutants, for the proof.
    breakable: bool = False
    # Of the OpenID provider that stands in for Google; without one, nobody signs in with Google.
    openid_port: int | None = None
    # Whether its provider tells of payments by itself.
    webhooks: bool = True

    @property
    def stack(self):
        return f"souk-{'local' if self.name == 'up' else self.name}"

    @property
    def emulator_url(self):
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def provider_url(self):
        return f"http://127.0.0.1:{self.provider_port}"

    @property
    def openid_url(self):
        return f"http://127.0.0.1:{self.openid_port}" if self.openid_port else None

    @property
    def proxy_url(self):
        return f"http://127.0.0.1:{self.proxy_port}" if self.proxy_port else None

    @property
    def api_url(self):
        # Without a stage the emulator takes `$default`, which a shell would expand. This form works in any program.
        return f"{self.emulator_url}/_aws/execute-api/souk"

    @property
    def mail_url(self):
        return f"{self.emulator_url}/_ministack/ses/messages"

    @property
    def log(self):
        return self.state / "log"

    @property
    def built(self):
        """Where `sam build` puts the packages. Not .aws-sam/build: one for AWS must not end up in the emulator, nor the other way round."""
        return (self.state if self.breakable else LOCAL) / "build"

    @property
    def faults(self):
        """Where a suite orders faults: files in `kill/` and `mutant/` (shared/aws/src/fault.rs)."""
        return self.state / "faults" if self.breakable else None

    @property
    def webhook(self):
        """Where the provider tells of payments, as it and its stand-ins want to hear it."""
        return {"url": f"{self.api_url}/api/v1/payments/webhooks/stripe", "secret": STRIPE["webhookSecret"]}

    @property
    def description(self):
        """stack.json: what a test or a script needs to know of the running stack."""
        return self.state / "stack.json"

    def stack_parameters(self):
        return {
            "Stage": "local",
            "Architecture": host_target()[0],
            "PublicUrl": self.api_url,
            "StripeUrl": self.provider_url,
            "MailSender": "shop@souk.local",
            "MediaUrl": f"{self.emulator_url}/{self.stack}-000000000000-files",
            "LogRetentionDays": 1,
            **(self.trusted_issuer() if self.breakable else {}),
            **self.sign_in(),
            **self.parameters,
        }

    def sign_in(self):
        """Google is played by a real OpenID provider, GitHub by the payment provider's program, as far as there are any."""
        google = {"GoogleClientId": OAUTH_CLIENT, "GoogleIssuer": self.openid_url} if self.openid_url else {}
        url = f"{self.provider_url}/github"
        github = {"GithubClientId": OAUTH_CLIENT, "GithubUrl": url, "GithubApiUrl": f"{url}/api"} if self.breakable else {}
        return {"OAuthRedirects": "http://localhost:3000/signed-in", **google, **github}

    def trusted_issuer(self):
        """A second issuer of tokens, played by the provider's program: a suite publishes its keys there."""
        url = f"{self.provider_url}/issuer"
        return {"TrustedIssuer": url, "TrustedJwksUrl": f"{url}/jwks.json", "TrustedAlgorithm": "ES256", "TrustedRoleClaim": "groups"}

    def environment(self, **extra):
        """For programs that talk to this stack (SAM, the suites): the emulator's address and nothing of the caller's AWS account."""
        return clean_environment(
            AWS_ENDPOINT_URL=self.emulator_url,
            AWS_ACCESS_KEY_ID=ACCESS_KEY,
            AWS_SECRET_ACCESS_KEY=SECRET_KEY,
            AWS_DEFAULT_REGION=REGION,
            AWS_REGION=REGION,
            AWS_EC2_METADATA_DISABLED="true",
            AWS_CONFIG_FILE=os.devnull,
            AWS_SHARED_CREDENTIALS_FILE=os.devnull,
            SAM_CLI_TELEMETRY="0",
            **extra,
        )

    def client(self, service):
        """A boto3 client for this stack's emulator."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.emulator_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )


# Short holds and retries: a test waits for them. A worker that is killed gives its message back after the visibility timeout.
_IMPATIENT = {
    **{"HoldSeconds": 20, "OutboxGraceSeconds": 5, "UnsettledSeconds": 15},
    **{"WorkerTimeoutSeconds": 10, "QueueVisibilitySeconds": 12, "MaxReceiveCount": 3, "IndexerTimeoutSeconds": 30},
}
# All customers of a suite come from one address. Its tests of limits come from addresses of their own, and have to get to the end of them.
_BUSY = {
    **{"LoginsPerAccount": "20/300", "LoginsPerNetwork": "300/30000", "RegistrationsPerNetwork": "2000/100000"},
    **{"ResetsPerNetwork": "30/2000", "SignInsPerNetwork": "120/30000"},
}
# Nothing is braked: what is measured is the work.
_UNLIMITED = {f"{name}Per{whom}": "1000000/100000000" for name in ("Logins", "Resets") for whom in ("Account", "Network")} | {
    f"RegistrationsPer{whom}": "1000000/100000000" for whom in ("Email", "Network")
} | {"SignInsPerNetwork": "1000000/100000000"}
# What a test tells apart from the defaults.
_NAMED = {
    **{"PaymentReturnUrl": "https://shop.example.com/return", "OperatorEmail": "operator@souk.local"},
    **{"FrontendUrl": "https://shop.example.com"},
}

PROFILES = {
    "up": Profile("up", 4566, 8420, LOCAL, openid_port=8430, parameters={"RegistrationsPerNetwork": "200/2000"}, enforces_roles=True),
    "test": Profile(
        *("test", 4666, 8520, LOCAL / "test"),
        proxy_port=8620,
        openid_port=8530,
        parameters={**_IMPATIENT, **_BUSY, **_NAMED},
        enforces_roles=True,
        breakable=True,
    ),
    "bench": Profile("bench", 4766, 8720, LOCAL / "bench", proxy_port=8820, parameters=_UNLIMITED, webhooks=False),
}


def read_json(path, default=None):
    try:
        return json.loads(Path(path).read_text())
    except (FileNotFoundError, ValueError):
        return default


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")
