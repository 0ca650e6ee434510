//! An authenticator in software, and the browser in front of it (Web Authentication, level 2). It is stricter than real ones: it panics
//! when the shop's options are not what the standard and the shop's own rules demand. A test can make it lie.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::cbor::{bytes, map, text};
use crate::passkey_key::{PasskeyAlgorithm, PasskeyKey};
use crate::unique;

/// The person was there.
const USER_PRESENT: u8 = 0x01;
/// The person was verified by PIN or biometrics.
const USER_VERIFIED: u8 = 0x04;
/// The key may be copied to the person's other devices, and was.
const BACKED_UP: u8 = 0x18;
const HAS_CREDENTIAL: u8 = 0x40;

/// A device with passkeys, and a page of the shop that is open on it.
#[derive(Debug)]
pub struct Authenticator {
    origin: String,
    algorithm: PasskeyAlgorithm,
    passkeys: Vec<DevicePasskey>,
}

/// A passkey on the device.
#[derive(Debug)]
struct DevicePasskey {
    id: Vec<u8>,
    rp_id: String,
    user_handle: String,
    key: PasskeyKey,
    /// Grows with each use; stays zero on a device that does not count.
    count: u32,
}

/// What a device or a page says that is not true. By default, all is true.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lie<'a> {
    /// The page.
    pub origin: Option<&'a str>,
    /// The page is in a frame of another site.
    pub is_embedded: bool,
    /// The purpose.
    pub kind: Option<&'a str>,
    /// The relying party, whose hash is signed.
    pub rp_id: Option<&'a str>,
    /// The challenge.
    pub challenge: Option<&'a str>,
    /// Flags that are not set.
    pub without_flags: u8,
    /// The count of signatures.
    pub count: Option<u32>,
    /// The account.
    pub user_handle: Option<&'a str>,
    /// A bit of the signature is flipped.
    pub has_wrong_signature: bool,
}

impl Lie<'_> {
    /// Nobody touched the device.
    pub const NOT_PRESENT: u8 = USER_PRESENT;
    /// The device has not verified its user.
    pub const NOT_VERIFIED: u8 = USER_VERIFIED;
}

impl Authenticator {
    /// A device without passkeys, on a page of that origin.
    pub fn new(origin: &str) -> Self {
        Self::with_algorithm(origin, PasskeyAlgorithm::Es256)
    }

    /// The same, whose keys have that algorithm.
    pub fn with_algorithm(origin: &str, algorithm: PasskeyAlgorithm) -> Self {
        Self { origin: origin.to_owned(), algorithm, passkeys: Vec::new() }
    }

    /// `navigator.credentials.create` with `publicKey` of the answer, and `toJSON()` of its result.
    #[track_caller]
    pub fn creates(&mut self, answer: &Value) -> Value {
        self.creates_with(answer, &Lie::default())
    }

    /// The same, with a lie. Panics if the device has a passkey that the options exclude: a browser would refuse.
    #[track_caller]
    pub fn creates_with(&mut self, answer: &Value, lie: &Lie<'_>) -> Value {
        let options = Options(&answer["publicKey"]);
        let (rp_id, user_handle) = options.check_creation(&self.origin, self.algorithm);
        let excluded = options.ids("excludeCredentials");
        let is_excluded = self.passkeys.iter().any(|passkey| excluded.contains(&encoded_bytes(&passkey.id)));
        assert!(!is_excluded, "InvalidStateError: the device has a passkey of this account: {answer}");
        let id = digest(&SHA256, unique("passkey").as_bytes()).as_ref().to_vec();
        let key = PasskeyKey::random(self.algorithm);
        let passkey = DevicePasskey { id, rp_id, user_handle, key, count: 0 };
        let credential = self.registers(&passkey, options.challenge(), lie);
        self.passkeys.push(passkey);
        credential
    }

    /// Sends the device's newest passkey again, whatever the options exclude.
    #[track_caller]
    pub fn creates_again(&self, answer: &Value) -> Value {
        let passkey = self.passkeys.last().unwrap_or_else(|| panic!("the device should have a passkey"));
        self.registers(passkey, Options(&answer["publicKey"]).challenge(), &Lie::default())
    }

    fn registers(&self, passkey: &DevicePasskey, challenge: &str, lie: &Lie<'_>) -> Value {
        let DevicePasskey { id, key, .. } = passkey;
        let credential = [&[0; 16][..], &(id.len() as u16).to_be_bytes(), id, &key.cose()].concat();
        let data = passkey.data(USER_PRESENT | USER_VERIFIED | BACKED_UP | HAS_CREDENTIAL, 0, lie);
        let object = map(&[
            (text("fmt"), text("none")),
            (text("attStmt"), map(&[])),
            (text("authData"), bytes(&[data, credential].concat())),
        ]);
        let client_data = self.client_data("webauthn.create", challenge, lie);
        let response = json!({
            "clientDataJSON": encoded_bytes(client_data.as_bytes()),
            "attestationObject": encoded_bytes(&object),
            "transports": ["internal"],
        });
        let id = encoded_bytes(id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } }, "response": response,
        })
    }

    /// `navigator.credentials.get` with `publicKey` of the answer, and `toJSON()` of its result. The person picks the newest passkey.
    #[track_caller]
    pub fn gets(&mut self, answer: &Value) -> Value {
        self.gets_with(answer, &Lie::default())
    }

    /// The same, with a lie.
    #[track_caller]
    pub fn gets_with(&mut self, answer: &Value, lie: &Lie<'_>) -> Value {
        let options = Options(&answer["publicKey"]);
        let rp_id = options.check_request(&self.origin);
        let client_data = self.client_data("webauthn.get", options.challenge(), lie);
        let passkey = self.passkeys.iter_mut().rev().find(|passkey| passkey.rp_id == rp_id);
        let passkey = passkey.unwrap_or_else(|| panic!("NotAllowedError: the device has no passkey of {rp_id}"));
        passkey.count = lie.count.unwrap_or_else(|| passkey.count + 1);
        let data = passkey.data(USER_PRESENT | USER_VERIFIED | BACKED_UP, passkey.count, lie);
        let message = [data.as_slice(), digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let mut signature = passkey.key.sign(&message);
        if let (true, Some(last)) = (lie.has_wrong_signature, signature.last_mut()) {
            *last ^= 1;
        }
        let (id, user_handle) = (encoded_bytes(&passkey.id), lie.user_handle.unwrap_or(&passkey.user_handle));
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded_bytes(client_data.as_bytes()),
                "authenticatorData": encoded_bytes(&data),
                "signature": encoded_bytes(&signature),
                "userHandle": user_handle,
            },
        })
    }

    fn client_data(&self, kind: &str, challenge: &str, lie: &Lie<'_>) -> String {
        json!({
            "type": lie.kind.unwrap_or(kind),
            "challenge": lie.challenge.unwrap_or(challenge),
            "origin": lie.origin.unwrap_or(&self.origin),
            "crossOrigin": lie.is_embedded,
            "other_keys_can_be_added_here": "do not compare clientDataJSON against a template. See https://goo.gl/yabPex",
        })
        .to_string()
    }
}

impl DevicePasskey {
    fn data(&self, flags: u8, count: u32, lie: &Lie<'_>) -> Vec<u8> {
        let rp_id = lie.rp_id.unwrap_or(&self.rp_id);
        let flags = flags & !lie.without_flags;
        [digest(&SHA256, rp_id.as_bytes()).as_ref(), &[flags], &count.to_be_bytes()].concat()
    }
}

/// The options that the shop sends. Each check panics with what is wrong.
struct Options<'a>(&'a Value);

impl<'a> Options<'a> {
    #[track_caller]
    fn text(&self, pointer: &str) -> &'a str {
        let text = self.0.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("the options should have {pointer}: {}", self.0))
    }

    #[track_caller]
    fn is(&self, pointer: &str, expected: &Value) {
        assert_eq!(self.0.pointer(pointer), Some(expected), "{pointer} of the options: {}", self.0);
    }

    #[track_caller]
    fn challenge(&self) -> &'a str {
        let challenge = self.text("/challenge");
        let bytes = URL_SAFE_NO_PAD.decode(challenge).unwrap_or_else(|error| panic!("{challenge}: {error}"));
        assert_eq!(bytes.len(), 32, "a challenge should have 32 bytes: {challenge}");
        challenge
    }

    /// The ids of a list of credentials, which may be missing.
    fn ids(&self, list: &str) -> Vec<String> {
        let credentials = self.0[list].as_array().map(Vec::as_slice).unwrap_or_default();
        for credential in credentials {
            assert_eq!(credential["type"], "public-key", "{list} of the options: {}", self.0);
        }
        credentials.iter().map(|credential| credential["id"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The relying party and the user handle of a creation.
    #[track_caller]
    fn check_creation(&self, origin: &str, algorithm: PasskeyAlgorithm) -> (String, String) {
        let rp_id = self.checked_rp_id("/rp/id", origin);
        assert!(!self.text("/rp/name").is_empty() && !self.text("/user/displayName").is_empty());
        let (name, handle) = (self.text("/user/name"), self.text("/user/id"));
        let bytes = URL_SAFE_NO_PAD.decode(handle).unwrap_or_else(|error| panic!("{handle}: {error}"));
        assert!((1..=64).contains(&bytes.len()), "a user handle should have 1 to 64 bytes: {handle}");
        let is_personal = bytes.windows(name.len().max(1)).any(|part| part == name.as_bytes());
        assert!(!is_personal, "a user handle should not contain the name: {handle}");
        let algorithms: Vec<_> =
            self.0["pubKeyCredParams"].as_array().into_iter().flatten().map(|one| &one["alg"]).collect();
        assert_eq!(algorithms, [-7, -8, -257], "the algorithms of the options: {}", self.0);
        assert!(algorithms.contains(&&json!(algorithm.number())));
        self.is("/attestation", &json!("none"));
        self.is("/authenticatorSelection/residentKey", &json!("required"));
        self.is("/authenticatorSelection/requireResidentKey", &json!(true));
        self.is("/authenticatorSelection/userVerification", &json!("required"));
        self.is("/timeout", &json!(300_000));
        (rp_id, handle.to_owned())
    }

    /// The relying party of a request.
    #[track_caller]
    fn check_request(&self, origin: &str) -> String {
        self.is("/userVerification", &json!("required"));
        self.is("/timeout", &json!(300_000));
        assert!(self.ids("allowCredentials").is_empty(), "a list would say which passkeys an account has: {}", self.0);
        self.checked_rp_id("/rpId", origin)
    }

    /// The relying party, which must be the host of the page or a domain above it.
    #[track_caller]
    fn checked_rp_id(&self, pointer: &str, origin: &str) -> String {
        let rp_id = self.text(pointer);
        let host = origin.split("://").nth(1).unwrap_or_default().split(':').next().unwrap_or_default();
        let is_above = host == rp_id || host.ends_with(&format!(".{rp_id}"));
        assert!(is_above, "SecurityError: {rp_id} is not a domain of {origin}");
        rp_id.to_owned()
    }
}

/// Bytes in base64url without padding.
pub fn encoded_bytes(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
