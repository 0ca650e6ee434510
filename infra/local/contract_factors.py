"""Second factors that schemathesis can use: authenticator apps (TOTP, RFC 6238) and passkeys (Web Authentication, level 2)."""

import base64
import hashlib
import hmac
import json
import os
import struct
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from seed import call, expect

# A page on the relying party's domain, as the profile says.
_ORIGIN = "http://localhost:3000"
_STEP = 30
# The steps for which a code is made: those of the run, which begins within a minute, and the one before.
_STEPS = range(-1, 12)
_PRESENT, _VERIFIED, _HAS_CREDENTIAL = 0x01, 0x04, 0x40
# How many logins there are with each factor.
_LOGINS = 4


def make(profile, new_account):
    """What requests may refer to, and what some of them must refer to. `new_account()` registers an account with a verified email address."""
    guarded, removing, enrolling, adding = (new_account() for _ in range(4))
    codes, passkey = _enrol(guarded), _Passkey()
    passkey.add_to(guarded)
    _enrol(removing)
    removed = _Passkey().add_to(removing)
    secret, now = enrolling.send("POST", "/auth/mfa/totp")["secret"], time.time()
    things = {
        "/auth/login/mfa": [{"whole": {"mfaToken": _mfa_token(profile, guarded), "recoveryCode": code}} for code in codes[:_LOGINS]],
        "/auth/passkeys/login": [{"whole": {"credential": passkey.get(_options(guarded))}} for _ in range(_LOGINS)],
    }
    only = {
        "POST /auth/mfa/totp/confirm": [
            {"token": enrolling.token, "whole": {"code": _code(secret, now + _STEP * step)}} for step in _STEPS
        ],
        "POST /auth/passkeys": [{"token": adding.token, "whole": _Passkey().registration(adding)}],
        # Not of the account whose codes the logins use.
        "POST /auth/mfa/recovery-codes": [{"token": removing.token}],
        "DELETE /auth/mfa/totp": [{"token": removing.token}],
        "DELETE /auth/passkeys/{id}": [{"token": removing.token, "path": {"id": removed}}],
    }
    return things, only


def _enrol(account):
    """Adds an authenticator app. Returns the recovery codes."""
    secret = account.send("POST", "/auth/mfa/totp")["secret"]
    added = account.send("POST", "/auth/mfa/totp/confirm", {"code": _code(secret, time.time())})
    account.token = added["accessToken"]
    return added["recoveryCodes"]


def _code(secret, seconds):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(seconds) // _STEP), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def _mfa_token(profile, account):
    """The token of a login that waits for its second factor."""
    return expect(call(profile, "POST", "/api/v1/auth/login", account.login), 403)["mfaToken"]


def _options(account):
    return account.send("POST", "/auth/passkeys/login/options")["publicKey"]


class _Passkey:
    """A passkey in software. It does not count its uses."""

    def __init__(self):
        self.id, self.key, self.user_handle = os.urandom(32), ec.generate_private_key(ec.SECP256R1()), None

    def add_to(self, account):
        """Adds it to an account. Returns its id."""
        added = account.send("POST", "/auth/passkeys", self.registration(account), 201)
        account.token = added.get("accessToken", account.token)
        return added["passkey"]["id"]

    def registration(self, account):
        """The body that adds it to an account."""
        options = account.send("POST", "/auth/passkeys/options")["publicKey"]
        self.user_handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        # COSE_Key (RFC 9053): an EC2 key of P-256 for ES256.
        cose = bytes.fromhex("a5010203262001215820") + numbers.x.to_bytes(32) + bytes.fromhex("225820") + numbers.y.to_bytes(32)
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        data = self._data(options["rp"]["id"], _PRESENT | _VERIFIED | _HAS_CREDENTIAL) + credential
        # {"fmt": "none", "attStmt": {}, "authData": data} in CBOR.
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data
        response = {"clientDataJSON": _encoded(_client_data("webauthn.create", options)), "attestationObject": _encoded(attestation)}
        return {"name": "Phone", "credential": self._credential(response)}

    def get(self, options):
        """A use of it."""
        client_data = _client_data("webauthn.get", options)
        data = self._data(options["rpId"], _PRESENT | _VERIFIED)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": client_data, "authenticatorData": data, "signature": signature}
        return self._credential({name: _encoded(value) for name, value in response.items()} | {"userHandle": self.user_handle})

    def _credential(self, response):
        return {"id": _encoded(self.id), "rawId": _encoded(self.id), "type": "public-key", "response": response}

    def _data(self, domain, flags):
        return hashlib.sha256(domain.encode()).digest() + bytes([flags]) + bytes(4)


def _client_data(kind, options):
    return json.dumps({"type": kind, "challenge": options["challenge"], "origin": _ORIGIN, "crossOrigin": False}).encode()


def _encoded(data):
    """Base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
