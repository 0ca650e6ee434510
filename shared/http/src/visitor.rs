//! Who calls: the bearer token, checked by RFC 8725 (one algorithm, issuer, audience, type, expiry) and against the
//! sessions that ended early; or the API key, for which see `keyed.rs`.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use aws_kit::{Aws, Issuer, PublicKeys, Settings, TokenTrust};
use axum::extract::{FromRef, FromRequestParts};
use http::header;
use http::request::Parts;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::de::DeserializeOwned;
use values::{AccessClaims, Caller, Error, Kind, Permit, Result, Trace, UserId, creation_time, permit};

use crate::keyed::api_key;
use crate::trusted::Trusted;
use crate::{ApiError, RequestId};

/// Seconds of difference between two clocks that are forgiven.
const LEEWAY_SECONDS: u64 = 5;
/// Longer than any token of ours, and than most of others'.
const LONGEST_TOKEN: usize = 4096;

/// Checks access tokens. Cheap to clone; part of every HTTP function's state.
#[derive(Debug, Clone)]
pub struct Verifier {
    trust: TokenTrust,
    issuer: Arc<str>,
    trusted: Option<Arc<Trusted>>,
    known: Arc<Mutex<Option<Known>>>,
    asks_for_ended: bool,
}

/// Keys that were read once, by issuer and key id.
struct Known {
    keys: Arc<PublicKeys>,
    read: HashMap<(Issuer, String), Arc<DecodingKey>>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.read.len())
    }
}

impl Verifier {
    /// With the published keys, for tokens of this shop, and of the issuer that it trusts beside itself, if there is one.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            trust: TokenTrust::from_env(aws)?,
            issuer: Settings.required("SOUK_PUBLIC_URL")?.into(),
            trusted: Trusted::from_env()?.map(Arc::new),
            known: Arc::default(),
            asks_for_ended: true,
        })
    }

    /// The same, without the list of sessions that ended early: for whoever looks at the session itself.
    #[must_use]
    pub fn without_ended(self) -> Self {
        Self { asks_for_ended: false, ..self }
    }

    /// What it trusts, sharing its cache.
    pub fn trust(&self) -> &TokenTrust {
        &self.trust
    }

    /// The caller behind a token.
    pub async fn verify(&self, token: &str) -> Result<Caller> {
        if token.len() > LONGEST_TOKEN {
            return Err(invalid("too long"));
        }
        let header = decode_header(token).map_err(|error| invalid(error.to_string()))?;
        let kid = header.kid.ok_or_else(|| invalid("no key id"))?;
        let is_ours = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(AccessClaims::TYPE));
        let (caller, began) = match (header.alg, &self.trusted) {
            (Algorithm::EdDSA, _) if is_ours => {
                let claims = check(token, &*self.key(Issuer::Own, &kid).await?, &self.issuer)?;
                let began = creation_time(&claims.sid);
                (Caller::User { id: claims.sub, role: claims.role, session: claims.sid }, began)
            }
            (algorithm, Some(trusted)) if algorithm == trusted.algorithm => {
                trusted.check(token, &*self.key(Issuer::Trusted, &kid).await?)?
            }
            _ => return Err(invalid("not an access token of ours")),
        };
        if let Caller::User { id, session, .. } = caller
            && self.asks_for_ended
            && self.trust.has_ended(session, id, began).await?
        {
            return Err(Error::new(Kind::Unauthenticated, "session_ended", "This session has ended. Log in again."));
        }
        Ok(caller)
    }

    /// A key of an issuer; one that is not known is asked for once more.
    async fn key(&self, issuer: Issuer, kid: &str) -> Result<Arc<DecodingKey>> {
        for missing in [false, true] {
            let keys = self.trust.keys(missing).await?;
            if let Some(key) = self.read(keys, issuer, kid) {
                return Ok(key);
            }
        }
        Err(invalid("unknown key id"))
    }

    /// A key of a set. Reading one costs more than checking its place, so those that were read are kept as long as their set.
    fn read(&self, keys: Arc<PublicKeys>, issuer: Issuer, kid: &str) -> Option<Arc<DecodingKey>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match known.as_mut() {
            Some(known) if Arc::ptr_eq(&known.keys, &keys) => known,
            _ => known.insert(Known { keys, read: HashMap::new() }),
        };
        let place = (issuer, kid.to_owned());
        if let Some(key) = known.read.get(&place) {
            return Some(key.clone());
        }
        let set: JwkSet = serde_json::from_value(known.keys.of(issuer).clone()).ok()?;
        let key = Arc::new(DecodingKey::from_jwk(set.find(kid)?).ok()?);
        known.read.insert(place, key.clone());
        Some(key)
    }
}

fn check(token: &str, key: &DecodingKey, issuer: &str) -> Result<AccessClaims> {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[AccessClaims::AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.leeway = LEEWAY_SECONDS;
    decoded(token, key, &rules)
}

/// The claims of a token that keeps these rules.
pub(crate) fn decoded<T: DeserializeOwned>(token: &str, key: &DecodingKey, rules: &Validation) -> Result<T> {
    match decode::<T>(token, key, rules) {
        Ok(data) => Ok(data.claims),
        Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Err(Error::new(
            Kind::Unauthenticated,
            "token_expired",
            "The access token has expired. Refresh it or log in again.",
        )),
        Err(error) => Err(invalid(error.to_string())),
    }
}

pub(crate) fn invalid(cause: impl Into<String>) -> Error {
    Error::new(Kind::Unauthenticated, "invalid_token", "The access token is not valid. Log in again.")
        .caused_by(cause.into())
}

/// The caller and the trace of this request.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// Who.
    pub caller: Caller,
    /// As part of what.
    pub trace: Trace,
}

impl<S: Send + Sync> FromRequestParts<S> for CallContext
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let authorization = parts.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
        let caller = match (api_key(&parts.headers)?, authorization) {
            (Some(key), _) => Verifier::from_ref(state).verify_key(key).await?,
            (None, None) => Caller::Guest,
            (None, Some(value)) => match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    Verifier::from_ref(state).verify(token.trim()).await?
                }
                _ => return Err(invalid("not a bearer token").into()),
            },
        };
        let correlation_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let trace = Trace { correlation_id, causation_id: None, actor: caller.actor() };
        Ok(Self { caller, trace })
    }
}

/// Who calls, and may: anybody else's call is a 401 or 403 before its body is looked at. By the table of permissions.
#[derive(Debug, Clone)]
pub struct Authorized<P>(pub CallContext, pub PhantomData<P>);

/// Whoever logged in, and no API key: for what opens the account, or carries all of it away.
pub type SessionOnly = Authorized<permit::ManageCredentials>;

impl<S: Send + Sync, P: Permit> FromRequestParts<S> for Authorized<P>
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let visitor = CallContext::from_request_parts(parts, state).await?;
        visitor.caller.require(P::PERMISSION)?;
        Ok(Self(visitor, PhantomData))
    }
}

/// Who calls, of whatever account: nobody's call is a 401 before its body is looked at. What they may see, the use case asks.
#[derive(Debug, Clone)]
pub struct AccountHolder(pub CallContext);

impl<S: Send + Sync> FromRequestParts<S> for AccountHolder
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let visitor = CallContext::from_request_parts(parts, state).await?;
        visitor.caller.require_account()?;
        Ok(Self(visitor))
    }
}

/// The account that calls, about its own things. Nobody's call is a 401 before its body is looked at.
#[derive(Debug, Clone, Copy)]
pub struct AccountOwner(pub UserId);

impl<S: Send + Sync> FromRequestParts<S> for AccountOwner
where
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authorized(visitor, _) = Authorized::<permit::UseAccount>::from_request_parts(parts, state).await?;
        Ok(Self(visitor.caller.require_user()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use jsonwebtoken::{EncodingKey, Header, encode};
    use values::{Clock, Role};

    const ISSUER: &str = "https://shop.example";

    /// Signs claims that end in `seconds`, and checks the token with the matching public key.
    fn checked(seconds: i64, issuer: &str, audience: &str) -> Result<AccessClaims> {
        let pair = Ed25519KeyPair::generate().unwrap();
        let now = Clock::System.now().seconds();
        let claims = AccessClaims {
            iss: issuer.into(),
            aud: audience.into(),
            sub: Clock::System.mint(),
            sid: Clock::System.mint(),
            role: Role::Customer,
            iat: now,
            exp: now + seconds,
        };
        let signing = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
        let token = encode(&Header::new(Algorithm::EdDSA), &claims, &signing).unwrap();
        check(&token, &DecodingKey::from_ed_der(pair.public_key().as_ref()), ISSUER)
    }

    #[test]
    fn a_token_is_good_until_it_expires_and_for_this_shop_alone() {
        assert!(checked(60, ISSUER, AccessClaims::AUDIENCE).is_ok());
        assert_eq!(checked(-60, ISSUER, AccessClaims::AUDIENCE).unwrap_err().code, "token_expired");
        assert_eq!(checked(60, "https://other.example", AccessClaims::AUDIENCE).unwrap_err().code, "invalid_token");
        assert_eq!(checked(60, ISSUER, "another").unwrap_err().code, "invalid_token");
    }
}
