"""The programs around a stack: the AWS emulator (MiniStack), the payment provider and an OpenID provider; for the tests the fault proxy
too."""

import json
from pathlib import Path

import build
from processes import Process, post_form, put_json
from profiles import GRACE
from steps import Failure, clean_environment
from venv import BIN

_WIRE = Path(__file__).with_name("wire")


class Emulator(Process):
    def __init__(self, profile):
        super().__init__(profile, "emulator", profile.emulator_port, "/_ministack/health")

    def launch(self):
        scratch = self.profile.state / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        self.start(
            [BIN / "ministack"],
            # The functions inherit this environment: it holds nothing that Lambda would not give them, but for the emulator's own settings.
            env=clean_environment(
                PYTHONPATH=_WIRE,
                GATEWAY_PORT=self.port,
                BIND_HOST="127.0.0.1",
                MINISTACK_HOST="127.0.0.1",
                AWS_ENDPOINT_URL=self.profile.emulator_url,
                DOCKER_HOST="",
                AUTH=str(self.profile.enforces_roles).lower(),
                TMPDIR=scratch,
            ),
        )


class LocalStripe(Process):
    """Stripe's wire format with signed webhooks. Not the judge of money rules: it allows over-refunds and forgets idempotency keys."""

    def __init__(self, profile):
        super().__init__(profile, "localstripe", profile.provider_port, "/js.stripe.com/v3/")

    def launch(self):
        self.start(
            [BIN / "localstripe", "--port", str(self.port), "--from-scratch"],
            env=clean_environment(PYTHONPATH=_WIRE, SOUK_LOOPBACK_ONLY=1),
        )
        # It forgets its webhook endpoints with every start.
        post_form(f"{self.profile.provider_url}/_config/webhooks/souk", self.profile.webhook)


class OpenIdProvider(Process):
    """Stands in for Google: discovery, keys, codes and signed ID tokens are real. It takes any client, and does not ask for PKCE: that is
    judged by the fake GitHub."""

    def __init__(self, profile):
        super().__init__(profile, "openid-provider", profile.openid_port, "/.well-known/openid-configuration")

    def launch(self):
        self.start(
            [BIN / "oidc-provider-mock", "--port", str(self.port), "--host", "127.0.0.1", "--user-claims", json.dumps(GRACE)],
            env=clean_environment(NO_COLOR=1),
        )


class FakeProvider(Process):
    """The tests' own provider, strict about idempotency keys and amounts (tests/fakes)."""

    def __init__(self, profile):
        super().__init__(profile, "provider", profile.provider_port, "/_fake/health")

    def launch(self):
        self.start([_fakes(self.profile), "provider", "--port", str(self.port)], env=clean_environment())
        if self.profile.webhooks:
            put_json(f"{self.profile.provider_url}/_fake/webhooks", {**self.profile.webhook, "delivery": {"mode": "prompt"}})


class FaultProxy(Process):
    """Stands between the functions and DynamoDB and answers with conflicts on request: the emulator never does."""

    def __init__(self, profile):
        super().__init__(profile, "dynamodb-proxy", profile.proxy_port, "/_fake/health")

    def launch(self):
        self.start(
            [_fakes(self.profile), "dynamodb-proxy", "--port", str(self.port), "--upstream", self.profile.emulator_url],
            env=clean_environment(),
        )


def _fakes(profile):
    binary = build.binary("fakes", "release" if profile.name == "bench" else "debug")
    if not binary.exists():
        raise Failure("The tests' fakes are not built (tests/fakes).")
    return binary
