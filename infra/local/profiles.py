"""The three local stacks. Each has its own ports, state and names, so that they can run at the same time."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

from steps import LOCAL, ROOT, Failure, clean_environment

FUNCTIONS = ROOT / "functions"
REGION = "eu-central-1"
# The emulator accepts any credentials; these are its convention.
ACCESS_KEY = SECRET_KEY = "test"
# localstripe and the fake provider accept this API key and sign webhooks with this secret. No other system does.
STRIPE = {"apiKey": "sk_test_12345"}
STRIPE_WEBHOOK = {"webhookSecret": "whsec_souk_local_only"}
# The shop's OAuth client. The fake GitHub (tests/fakes/src/github.rs) accepts no other.
OAUTH_CLIENT = "souk-local"
OAUTH = {"google": "google-secret-local-only", "github": "github-secret-local-only"}
# The page of the front end where a sign-in ends.
OAUTH_REDIRECT = "http://localhost:3000/signed-in"
# The user that the local OpenID provider knows at its start. The suites add others.
GRACE = {"sub": "grace", "email": "grace@souk.local", "email_verified": True, "name": "Grace Hopper"}


def host_target():
    """The machine's Lambda architecture and Rust target, because local functions run on this machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if machine == "x86_64":
        return "x86_64", "x86_64-unknown-linux-gnu"
    if machine == "aarch64":
        return "arm64", "aarch64-unknown-linux-gnu"
    raise Failure(f"This machine is {machine}, but Lambda functions run on x86_64 and arm64 only.")


@dataclass(frozen=True)
class Profile:
    name: str
    emulator_port: int
    provider_port: int
    state: Path
    proxy_port: int | None = None
    parameters: dict = field(default_factory=dict)
    # Whether the emulator enforces the functions' roles, as AWS does. It does not evaluate LeadingKeys conditions. It also verifies
    # signatures, so a proxy must not change a request.
    enforces_roles: bool = False
    # Whether its functions have the fault points and mutants of tests/concurrency.
    has_fault_points: bool = False
    # The port of the OpenID provider that replaces Google. None switches sign-in with Google off.
    openid_port: int | None = None
    # Whether the payment provider sends webhooks.
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
        # Without a stage in the path the emulator uses `$default`, which a shell would expand.
        return f"{self.emulator_url}/_aws/execute-api/souk"

    @property
    def mail_url(self):
        return f"{self.emulator_url}/_ministack/ses/messages"

    @property
    def log(self):
        return self.state / "log"

    @property
    def built(self):
        """The folder of the packages. Not .aws-sam/build, which is for AWS: packages must not be confused."""
        return self.state / "build"

    @property
    def programs(self):
        """The folder of the programs that the packages start: one for each version of the functions."""
        return self.state / "programs"

    @property
    def packages(self):
        """The folder of packages that have programs of their own, as on AWS (build.sam_build)."""
        return self.state / "packages"

    @property
    def faults(self):
        """The folder in which a suite orders faults by files in `kill/` and `mutant/` (shared/aws/src/fault.rs)."""
        return self.state / "faults" if self.has_fault_points else None

    @property
    def webhook(self):
        """The webhook endpoint, in the form that localstripe and the fake provider expect."""
        return {"url": f"{self.api_url}/api/v1/payments/webhooks/stripe", "secret": STRIPE_WEBHOOK["webhookSecret"]}

    @property
    def description(self):
        """stack.json: the URLs, names and secrets of the running stack, for tests and scripts."""
        return self.state / "stack.json"

    @property
    def container_variables(self):
        """The environment variables of the functions in containers: a file for `sam local invoke --env-vars`."""
        return self.state / "sam-local.json"

    def stack_parameters(self):
        return {
            "Stage": "local",
            # The demo admin and the admins of the suites have no second factor.
            "RequireAdminMfa": "false",
            "Architecture": host_target()[0],
            "PublicUrl": self.api_url,
            "StripeUrl": self.provider_url,
            "MailSender": "shop@souk.local",
            "MediaUrl": f"{self.emulator_url}/{self.stack}-000000000000-{REGION}-files",
            "AllowedOrigins": "http://localhost:3000",
            "PasskeyRpId": "localhost",
            "PasskeyOrigins": "http://localhost:3000",
            # A run that crashed with the machine is retried soon.
            "SearchVisibilitySeconds": 300,
            "LogRetentionDays": 1,
            **(self.trusted_issuer() if self.has_fault_points else {}),
            **self.sign_in(),
            **self.parameters,
        }

    def sign_in(self):
        """The parameters of sign-in. A local OpenID provider replaces Google, the fake provider replaces GitHub."""
        google = {"GoogleClientId": OAUTH_CLIENT, "GoogleIssuer": self.openid_url} if self.openid_url else {}
        url = f"{self.provider_url}/github"
        github = {"GithubClientId": OAUTH_CLIENT, "GithubUrl": url, "GithubApiUrl": f"{url}/api"} if self.has_fault_points else {}
        return {"OAuthRedirects": OAUTH_REDIRECT, **google, **github}

    def trusted_issuer(self):
        """The parameters of a trusted issuer. A suite publishes its keys at the fake provider."""
        url = f"{self.provider_url}/issuer"
        return {"TrustedIssuer": url, "TrustedJwksUrl": f"{url}/jwks.json", "TrustedAlgorithm": "ES256", "TrustedRoleClaim": "groups"}

    def environment(self, **extra):
        """The environment of programs that call this stack (SAM, the suites): the emulator's URL, and nothing of the caller's AWS account."""
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


# Short times, because tests wait for them. The message of a killed worker returns to its queue after the visibility timeout.
_SHORT_TIMES = {
    **{"HoldSeconds": 20, "DeclinedHoldSeconds": 20, "OutboxGraceSeconds": 5, "UnsettledSeconds": 15},
    **{"MailGraceSeconds": 5},
    **{"WorkerTimeoutSeconds": 10, "QueueVisibilitySeconds": 12, "MaxReceiveCount": 3},
    **{"IndexerTimeoutSeconds": 30, "SearchVisibilitySeconds": 30},
}
# High limits, because all customers of a suite share one IP address. The tests of rate limits use other addresses and reach these limits.
_HIGH_LIMITS = {
    **{"LoginsPerAccount": "20/300", "LoginsPerNetwork": "300/30000", "RegistrationsPerNetwork": "2000/100000"},
    **{"ResetsPerNetwork": "30/2000", "SignInsPerNetwork": "120/30000", "SecondFactorsPerAccount": "12/200"},
    # Requests without a credential come from one IP address, too. No test sends so many with one API key, or as many reviews.
    **{"RequestLimits": "1000000/1000000/300", "ReviewLimits": "40/40/40", "CartLimits": "1000000/40/1000000"},
    **dict.fromkeys(("OrderLimits", "QuoteLimits", "UploadLimits", "CredentialLimits"), "1000000/1000000/1000000"),
    **{"UnpaidOrdersPerAccount": 200, "UnpaidOrdersPerNetwork": 2000, "UnpaidPiecesPerNetwork": 5000},
    **{"DeclinesPerAccount": 1000, "DeclinesPerNetwork": 100000, "DeclinesPerCard": 5},
    **{"CancellationsPerAccount": 5, "CancellationsPerNetwork": 1000000, "StockShownUpTo": 300},
}
# No limits, for the benchmark and for schemathesis.
UNLIMITED = "1000000/100000000"
_NO_LIMITS = {f"{name}Per{whom}": UNLIMITED for name in ("Logins", "Resets") for whom in ("Account", "Network")} | {
    f"RegistrationsPer{whom}": UNLIMITED for whom in ("Email", "Network")
} | {"SignInsPerNetwork": UNLIMITED, "SecondFactorsPerAccount": UNLIMITED}
_CLASSES = ("Request", "Order", "Quote", "Cart", "Review", "Upload", "Credential")
_NO_LIMITS |= {f"{name}Limits": "1000000000/1000000000/1000000000" for name in _CLASSES} | {
    f"{name}PerSecond": 10_000 for name in ("Requests", "CostlyRequests")
}
_NO_LIMITS |= {f"Unpaid{what}": 1000000 for what in ("OrdersPerAccount", "OrdersPerNetwork", "PiecesPerNetwork")}
_NO_LIMITS |= {f"{what}Per{whom}": 1000000 for what in ("Declines", "Cancellations") for whom in ("Account", "Network")}
_NO_LIMITS |= {"DeclinesPerCard": 1000000}
# The demo catalog and the guides send many requests within seconds.
_DEMO_LIMITS = {"RegistrationsPerNetwork": "200/2000", "RequestLimits": "3000/6000/10000", "UploadLimits": "60/3000/10000"}
# Values that tests distinguish from the defaults.
_DISTINCT_VALUES = {
    **{"PaymentReturnUrl": "https://shop.example.com/return", "OperatorEmail": "operator@souk.local"},
    **{"FrontendUrl": "https://shop.example.com", "TrustedEdge": "test", "TimeZone": "Asia/Kathmandu", "IndexShards": 16},
}

PROFILES = {
    "up": Profile("up", 4566, 8420, LOCAL, openid_port=8430, parameters=_DEMO_LIMITS, enforces_roles=True),
    "test": Profile(
        *("test", 4666, 8520, LOCAL / "test"),
        proxy_port=8620,
        openid_port=8530,
        parameters={**_SHORT_TIMES, **_HIGH_LIMITS, **_DISTINCT_VALUES},
        enforces_roles=True,
        has_fault_points=True,
    ),
    "bench": Profile("bench", 4766, 8720, LOCAL / "bench", proxy_port=8820, parameters=_NO_LIMITS, webhooks=False),
}


def read_json(path, default=None):
    try:
        return json.loads(Path(path).read_text())
    except (FileNotFoundError, ValueError):
        return default


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")
