//! A second issuer whose tokens are accepted, such as the identity provider of a company.
//!
//! The configuration names the claims for the user and the role. It trusts that provider with every account of the shop.

use aws_kit::{MAX_REVOCATION_SECONDS, Settings};
use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use values::{Amr, Assurance, Caller, Clock, Error, Result, Timestamp, UserId, id_of_digest};

use crate::token::{decode_claims, invalid_token, of_seconds, token_expired};

/// The accepted difference between the issuer's clock and ours, in seconds.
const ISSUER_LEEWAY_SECONDS: i64 = 60;
/// How long after its issue a token is accepted, whatever its `exp` says: as long as one of this shop, so that a revocation outlives it.
const MAX_AGE_SECONDS: i64 = MAX_REVOCATION_SECONDS - ISSUER_LEEWAY_SECONDS;

/// The trusted issuer, as the template's parameters describe it.
#[derive(Debug)]
pub(crate) struct TrustedIssuer {
    issuer: String,
    audience: String,
    /// The only algorithm that is accepted (RFC 8725, 3.1).
    pub(crate) algorithm: Algorithm,
    user_claim: String,
    role_claim: Option<String>,
}

/// The caller behind a token of the trusted issuer.
#[derive(Debug)]
pub(crate) struct TrustedCaller {
    pub(crate) caller: Caller,
    /// The account of this shop that the token names; none for a customer without an account.
    pub(crate) account: Option<UserId>,
    pub(crate) issued_at: Timestamp,
}

impl TrustedIssuer {
    /// Reads the environment. None if no issuer is configured.
    pub(crate) fn from_env() -> Result<Option<Self>> {
        let Some(issuer) = Settings.optional("SOUK_TRUSTED_ISSUER") else { return Ok(None) };
        let algorithm = Settings.required("SOUK_TRUSTED_ALGORITHM")?;
        let algorithm = match algorithm.as_str() {
            "RS256" => Algorithm::RS256,
            "ES256" => Algorithm::ES256,
            _ => {
                return Err(Error::internal(format!(
                    "SOUK_TRUSTED_ALGORITHM must be RS256 or ES256, not {algorithm:?}"
                )));
            }
        };
        Ok(Some(Self {
            issuer,
            audience: Settings.required("SOUK_TRUSTED_AUDIENCE")?,
            algorithm,
            user_claim: Settings.required("SOUK_TRUSTED_USER_CLAIM")?,
            role_claim: Settings.optional("SOUK_TRUSTED_ROLE_CLAIM"),
        }))
    }

    /// Returns the caller behind a token of this issuer. The token must be valid now: `exp` and, if there is one, `nbf` are checked, and
    /// it is not accepted for more than 15 minutes after `iat`.
    pub(crate) fn check(&self, token: &str, key: &DecodingKey) -> Result<TrustedCaller> {
        let mut rules = Validation::new(self.algorithm);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        rules.leeway = ISSUER_LEEWAY_SECONDS.unsigned_abs();
        rules.validate_nbf = true;
        let claims: Map<String, Value> = decode_claims(token, key, &rules)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let subject =
            text(&self.user_claim).ok_or_else(|| invalid_token("the claim that names the user is missing"))?;
        let issued =
            claims.get("iat").and_then(Value::as_i64).ok_or_else(|| invalid_token("the claim `iat` is missing"))?;
        let age = Clock::System.now().seconds().saturating_sub(issued);
        if age < -ISSUER_LEEWAY_SECONDS {
            return Err(invalid_token("the claim `iat` is in the future"));
        }
        if age > MAX_AGE_SECONDS {
            return Err(token_expired());
        }
        // A user id of this shop names that account. Any other subject has no account here, and always gets the same derived id.
        let account = subject.parse::<UserId>().ok();
        let id = account.unwrap_or_else(|| id_of_digest(self.digest(&["user", subject])));
        let session = id_of_digest(self.digest(&["session", subject, text("sid").or(text("jti")).unwrap_or_default()]));
        let roles = self.role_claim.as_ref().and_then(|claim| claims.get(claim)).map(role_names).unwrap_or_default();
        // Without it, no login is recent: the issuer does not say when it last asked for a credential.
        let authenticated_at = claims.get("auth_time").and_then(Value::as_i64).map(of_seconds);
        // RFC 8176. Without it, no session has a second factor.
        let methods = claims.get("amr").and_then(|amr| Vec::<Amr>::deserialize(amr).ok()).unwrap_or_default();
        let caller = Caller::from_claims(id, roles, session, authenticated_at, Assurance::of(&methods));
        Ok(TrustedCaller { caller, account, issued_at: of_seconds(issued) })
    }

    /// 16 bytes that identify `parts` of this issuer.
    fn digest(&self, parts: &[&str]) -> [u8; 16] {
        let text = parts.iter().fold(self.issuer.clone(), |text, part| text + "\n" + part);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
        bytes
    }
}

/// The names in a claim that is a string or a list of strings.
fn role_names(claim: &Value) -> Vec<&str> {
    match claim {
        Value::String(role) => vec![role],
        Value::Array(roles) => roles.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;
    use values::Role;

    const ISSUER: &str = "https://id.example";

    fn trusted_issuer() -> TrustedIssuer {
        TrustedIssuer {
            issuer: ISSUER.into(),
            audience: "souk".into(),
            algorithm: Algorithm::ES256,
            user_claim: "sub".into(),
            role_claim: Some("groups".into()),
        }
    }

    fn role(caller: &Caller) -> Option<Role> {
        match caller {
            Caller::User { role, .. } => Some(*role),
            Caller::Guest | Caller::Key { .. } => None,
        }
    }

    /// Checks a valid token in which these claims are replaced.
    fn checked(claims: &Value) -> Result<TrustedCaller> {
        let now = Clock::System.now().seconds();
        let mut all = json!({ "iss": ISSUER, "aud": "souk", "sub": "alice", "iat": now, "exp": now + 60 });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let signing = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        let token = encode(&Header::new(Algorithm::ES256), &all, &signing).unwrap();
        trusted_issuer().check(&token, &DecodingKey::from_ec_der(pair.public_key().as_ref()))
    }

    #[test]
    fn user_without_an_account_is_always_the_same_customer() {
        let alice = checked(&json!({})).unwrap();
        assert_eq!(alice.account, None);
        let (alice, again) = (alice.caller, checked(&json!({ "groups": "staff" })).unwrap().caller);
        let bob = checked(&json!({ "sub": "bob" })).unwrap().caller;
        assert!(alice.user().is_some() && alice.user() == again.user() && alice.user() != bob.user());
        assert_eq!((role(&alice), role(&again)), (Some(Role::Customer), Some(Role::Customer)));
    }

    #[test]
    fn claims_name_an_account_and_a_role() {
        let id: UserId = Clock::System.mint();
        let TrustedCaller { caller, account, .. } =
            checked(&json!({ "sub": id, "groups": ["staff", "admin"] })).unwrap();
        assert_eq!((caller.user(), account, role(&caller)), (Some(id), Some(id), Some(Role::Admin)));
    }

    #[test]
    fn login_is_recent_only_if_the_issuer_says_so() {
        let now = Clock::System.now();
        let code = |claims| checked(&claims).unwrap().caller.require_recent_login(now).err().map(|error| error.code);
        assert_eq!(code(json!({})), Some("recent_login_required"), "`iat` is no login");
        assert_eq!(code(json!({ "auth_time": now.seconds() - 601 })), Some("recent_login_required"));
        assert_eq!(code(json!({ "auth_time": now.seconds() - 10 })), None);
    }

    #[test]
    fn session_has_a_second_factor_only_if_the_issuer_says_so() {
        let assurance = |claims| match checked(&claims).unwrap().caller {
            Caller::User { assurance, .. } => assurance,
            Caller::Guest | Caller::Key { .. } => panic!("not a user"),
        };
        assert_eq!(assurance(json!({ "amr": ["pwd", "mfa"] })), Assurance::SecondFactor);
        for amr in [json!(null), json!("mfa"), json!(["pwd"]), json!([7])] {
            assert_eq!(assurance(json!({ "amr": amr })), Assurance::OneFactor, "{amr}");
        }
    }

    #[test]
    fn token_of_another_issuer_or_audience_or_without_claims_is_refused() {
        for claims in [
            json!({ "iss": "https://other.example" }),
            json!({ "aud": "another" }),
            json!({ "sub": "" }),
            json!({ "sub": 7 }),
            json!({ "iat": null }),
        ] {
            assert_eq!(checked(&claims).unwrap_err().code, "invalid_token", "{claims}");
        }
        assert_eq!(checked(&json!({ "exp": 1 })).unwrap_err().code, "token_expired");
    }

    #[test]
    fn token_is_no_longer_accepted_than_a_revocation_lasts() {
        let now = Clock::System.now().seconds();
        let of_age =
            |seconds: i64| checked(&json!({ "iat": now - seconds, "exp": now + 86_400 })).err().map(|e| e.code);
        assert_eq!((of_age(890), of_age(-30)), (None, None));
        assert_eq!((of_age(910), of_age(i64::MAX / 2)), (Some("token_expired"), Some("token_expired")));
        assert_eq!(of_age(-120), Some("invalid_token"), "it would outlive a revocation");
    }

    #[test]
    fn token_is_refused_before_its_time_but_for_the_leeway() {
        let now = Clock::System.now().seconds();
        let at = |nbf: i64| checked(&json!({ "nbf": nbf, "exp": now + 600 }));
        assert!(at(now - 1).is_ok() && at(now + 30).is_ok());
        assert_eq!(at(now + 120).unwrap_err().code, "invalid_token");
    }
}
