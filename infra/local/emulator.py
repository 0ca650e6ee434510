"""The programs around a stack: the AWS emulator (MiniStack), a payment provider, an OpenID provider and, for tests, the fault proxy."""

import json
from pathlib import Path

import build
from processes import Process, post_form, put_json
from profiles import GRACE
from steps import Failure, clean_environment
from python_tools import BIN

_WIRE = Path(__file__).with_name("wire")


class Emulator(Process):
    def __init__(self, profile):
        super().__init__(profile, "emulator", profile.emulator_port, "/_ministack/health")

    def launch(self):
        scratch = self.profile.state / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        self.start(
            [BIN / "python", _WIRE / "start_emulator.py"],
            # The functions inherit this environment. It contains what Lambda would give them, and the emulator's own settings.
            env=clean_environment(
                PYTHONPATH=_WIRE,
                GATEWAY_PORT=self.port,
                BIND_HOST="127.0.0.1",
                MINISTACK_HOST="127.0.0.1",
                AWS_ENDPOINT_URL=self.profile.emulator_url,
                DOCKER_HOST="",
                # Its MQTT broker would listen on all addresses, whatever BIND_HOST says.
                IOT_MTLS_ENABLED="false",
                AUTH=str(self.profile.enforces_roles).lower(),
                TMPDIR=scratch,
            ),
        )


class LocalStripe(Process):
    """Speaks Stripe's wire format and signs webhooks. No test relies on it: it allows refunds above the payment and ignores idempotency keys."""

    def __init__(self, profile):
        super().__init__(profile, "localstripe", profile.provider_port, "/js.stripe.com/v3/")

    def launch(self):
        self.start(
            [BIN / "localstripe", "--port", str(self.port), "--from-scratch"],
            env=clean_environment(PYTHONPATH=_WIRE, SOUK_LOOPBACK_ONLY=1),
        )
        # It loses its webhook endpoints when it stops.
        post_form(f"{self.profile.provider_url}/_config/webhooks/souk", self.profile.webhook)


class OpenIdProvider(Process):
    """Replaces Google: discovery, keys, codes and signed ID tokens are real. It accepts every client and does not check PKCE; the fake
    GitHub does."""

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
    """A proxy between the functions and DynamoDB that answers with conflicts on request. The emulator never does."""

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
        raise Failure("The fakes of the tests (tests/fakes) are not built.")
    return binary
