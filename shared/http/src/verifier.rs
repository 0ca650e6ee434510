//! The verifier of access tokens. A token is checked by RFC 8725 and RFC 9068 (one algorithm per issuer, then type, issuer, audience and
//! times) and against the sessions that ended early. A token of the trusted issuer that names an account of this shop is also checked
//! against the accounts that were suspended or closed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_kit::{AccountBlock, Aws, Issuer, PublicKeys, Settings, TokenTrust};
use http::HeaderMap;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, decode_header};
use values::{
    AccessClaims, ApiKey, Assurance, Caller, Error, Result, UserId, account_suspended, creation_time, session_ended,
};

use crate::credential::Credential;
use crate::token::{check_own, invalid_token, of_seconds};
use crate::trusted_issuer::{TrustedCaller, TrustedIssuer};

/// Longer than any token of ours, and than most tokens of other issuers.
const MAX_TOKEN_BYTES: usize = 4096;

/// Verifies access tokens and API keys. Cheap to clone; part of every HTTP function's state.
#[derive(Debug, Clone)]
pub struct Verifier {
    trust: TokenTrust,
    issuer: Arc<str>,
    trusted_issuer: Option<Arc<TrustedIssuer>>,
    decoding_keys: Arc<Mutex<Option<DecodingKeys>>>,
    checks_ended_sessions: bool,
    /// Whether an admin without a second factor can only enrol.
    requires_admin_mfa: bool,
}

/// The keys of one published set that were parsed already, by issuer and key id.
struct DecodingKeys {
    published: Arc<PublicKeys>,
    parsed: HashMap<(Issuer, String), Arc<DecodingKey>>,
}

impl fmt::Debug for DecodingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.parsed.len())
    }
}

impl Verifier {
    /// Verifies tokens of this shop, and of the trusted issuer if one is configured, with the published keys.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            trust: TokenTrust::from_env(aws)?,
            issuer: Settings.required("SOUK_PUBLIC_URL")?.into(),
            trusted_issuer: TrustedIssuer::from_env()?.map(Arc::new),
            decoding_keys: Arc::default(),
            checks_ended_sessions: true,
            requires_admin_mfa: Settings.parsed("SOUK_REQUIRE_ADMIN_MFA")?,
        })
    }

    /// A verifier that does not check the sessions that ended early. For the function that reads the session itself.
    #[must_use]
    pub fn without_ended_sessions(self) -> Self {
        Self { checks_ended_sessions: false, ..self }
    }

    /// The keys and sessions that this verifier trusts. Shares its cache.
    pub fn trust(&self) -> &TokenTrust {
        &self.trust
    }

    /// Returns the caller of a request: a guest without a credential. Fails like [`Verifier::verify`], or as an API key does.
    pub(crate) async fn caller(&self, headers: &HeaderMap) -> Result<Caller> {
        match Credential::of(headers)? {
            Credential::None => Ok(Caller::Guest),
            Credential::ApiKey(key) => self.verify_api_key(key).await,
            Credential::Authorization(value) => match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => self.verify(token.trim()).await,
                _ => Err(invalid_token("not a bearer token")),
            },
        }
    }

    /// Does the request carry an API key that has to be read? A mistyped key and one that was read a moment ago need no read.
    pub(crate) fn needs_key_read(&self, headers: &HeaderMap) -> bool {
        match Credential::of(headers) {
            Ok(Credential::ApiKey(text)) => text.parse::<ApiKey>().is_ok_and(|key| !self.is_key_cached(&key)),
            _ => false,
        }
    }

    /// Returns the caller behind a token. Fails with 401 `invalid_token`, `token_expired` or `session_ended`, and for the trusted issuer
    /// with 403 `account_suspended`. Reads the table only when a cache is stale, and once in 30 seconds for each account that the
    /// trusted issuer names.
    pub async fn verify(&self, token: &str) -> Result<Caller> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid_token("too long"));
        }
        let header = decode_header(token).map_err(|error| invalid_token(error.to_string()))?;
        let kid = header.kid.ok_or_else(|| invalid_token("no key id"))?;
        if !is_access_token(header.typ.as_deref()) {
            return Err(invalid_token("not an access token"));
        }
        let (caller, session_start) = match (header.alg, &self.trusted_issuer) {
            (Algorithm::EdDSA, _) => {
                let claims = check_own(token, &*self.decoding_key(Issuer::Own, &kid).await?, &self.issuer)?;
                let session_start = creation_time(&claims.sid);
                let authenticated_at = claims.auth_time.map(of_seconds);
                let assurance = Assurance::of(&claims.amr);
                let caller = Caller::User {
                    id: claims.sub,
                    role: claims.role,
                    session: claims.sid,
                    authenticated_at,
                    assurance,
                };
                (caller, session_start)
            }
            (algorithm, Some(issuer)) if algorithm == issuer.algorithm => {
                let key = self.decoding_key(Issuer::Trusted, &kid).await?;
                let TrustedCaller { caller, account, issued_at } = issuer.check(token, &key)?;
                if let Some(account) = account {
                    self.check_may_act(account).await?;
                }
                (caller, issued_at)
            }
            _ => return Err(invalid_token("not an access token of this shop")),
        };
        if let Caller::User { id, session, .. } = caller
            && self.checks_ended_sessions
            && self.trust.has_ended(session, id, session_start).await?
        {
            return Err(session_ended());
        }
        Ok(if self.requires_admin_mfa { caller.requiring_second_factor_of_admins() } else { caller })
    }

    /// Refuses an account that was suspended or closed. Its own sessions have ended, but its tokens of the trusted issuer have not.
    async fn check_may_act(&self, account: UserId) -> Result<()> {
        self.trust.account_blocks().find(account).await?.map_or(Ok(()), |block| Err(refusal(block)))
    }

    /// Finds a key of an issuer. If the cached set does not have it, the set is read once more.
    async fn decoding_key(&self, issuer: Issuer, kid: &str) -> Result<Arc<DecodingKey>> {
        for is_missing in [false, true] {
            let published = self.trust.keys(is_missing).await?;
            if let Some(key) = self.parse_key(published, issuer, kid) {
                return Ok(key);
            }
        }
        Err(invalid_token("unknown key id"))
    }

    /// Parses a key of a published set. Parsing costs more than checking a signature, so a parsed key is cached as long as its set.
    fn parse_key(&self, published: Arc<PublicKeys>, issuer: Issuer, kid: &str) -> Option<Arc<DecodingKey>> {
        let mut cache = self.decoding_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = match cache.as_mut() {
            Some(keys) if Arc::ptr_eq(&keys.published, &published) => keys,
            _ => cache.insert(DecodingKeys { published, parsed: HashMap::new() }),
        };
        let name = (issuer, kid.to_owned());
        if let Some(key) = keys.parsed.get(&name) {
            return Some(key.clone());
        }
        let set: JwkSet = serde_json::from_value(keys.published.of(issuer).clone()).ok()?;
        let key = Arc::new(DecodingKey::from_jwk(set.find(kid)?).ok()?);
        keys.parsed.insert(name, key.clone());
        Some(key)
    }
}

/// Is this the type of an access token (RFC 9068, 2.1 and 4)?
fn is_access_token(typ: Option<&str>) -> bool {
    let typ = typ.map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    typ.is_some_and(|typ| typ.eq_ignore_ascii_case(AccessClaims::TYPE))
}

/// The same answers as for the shop's own credentials: an API key of a suspended account, and a token of a closed one.
fn refusal(block: AccountBlock) -> Error {
    match block {
        AccountBlock::Suspended => account_suspended(),
        AccountBlock::Closed => session_ended(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Kind;

    #[test]
    fn only_access_tokens_are_access_tokens() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
            assert!(is_access_token(Some(typ)), "{typ}");
        }
        for typ in [None, Some(""), Some("JWT"), Some("jwt"), Some("id_token+jwt"), Some("application/jwt")] {
            assert!(!is_access_token(typ), "{typ:?}");
        }
    }

    #[test]
    fn blocked_account_gets_the_answer_of_its_own_credentials() {
        let answer = |block| {
            let error = refusal(block);
            (error.kind, error.code)
        };
        assert_eq!(answer(AccountBlock::Suspended), (Kind::Forbidden, "account_suspended"));
        assert_eq!(answer(AccountBlock::Closed), (Kind::Unauthenticated, "session_ended"));
    }
}
