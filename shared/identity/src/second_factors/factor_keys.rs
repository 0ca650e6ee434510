//! The keys of second factors, derived from the secret of `auth` (HKDF with SHA-256, RFC 5869): one encrypts the secrets of
//! authenticator apps, one makes the digests of recovery codes. Whoever can only read or write the table has neither.

use std::fmt;
use std::sync::Arc;

use aws_kit::Settings;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use values::{Error, Result, UserId};

/// Used in `auth` only. Cheap to clone.
#[derive(Clone)]
pub(crate) struct FactorKeys(Arc<Keys>);

struct Keys {
    sealing: LessSafeKey,
    recovery: hmac::Key,
}

impl fmt::Debug for FactorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorKeys")
    }
}

impl FactorKeys {
    /// Reads `SOUK_AUTH_KEY`.
    pub(crate) fn from_env() -> Result<Self> {
        Self::of(&Settings.required("SOUK_AUTH_KEY")?)
    }

    /// The keys of that secret.
    pub(crate) fn of(secret: &str) -> Result<Self> {
        let sealing = derive(secret, b"souk: secrets of authenticator apps")?;
        let sealing = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &sealing).map_err(Error::internal)?);
        let recovery = hmac::Key::new(hmac::HMAC_SHA256, &derive(secret, b"souk: recovery codes")?);
        Ok(Self(Arc::new(Keys { sealing, recovery })))
    }

    /// Encrypts a secret of an account. The text is bound to the account, so that a row that is copied to another one is useless.
    pub(crate) fn seal(&self, user: UserId, secret: &[u8]) -> Result<String> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(Error::internal)?;
        let mut sealed = secret.to_vec();
        let sealing = self.0.sealing.seal_in_place_append_tag(Nonce::from(&nonce), aad(user), &mut sealed);
        sealing.map_err(Error::internal)?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// The secret that was encrypted for the account. Fails for another account's, and with another key.
    pub(crate) fn open(&self, user: UserId, text: &str) -> Result<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(Error::internal)?;
        let (nonce, sealed) =
            bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(|| Error::internal("a sealed secret is too short"))?;
        let mut sealed = sealed.to_vec();
        let opened = self.0.sealing.open_in_place(Nonce::from(nonce), aad(user), &mut sealed);
        Ok(opened.map_err(|_| Error::internal("a sealed secret does not open"))?.to_vec())
    }

    /// The digest of a recovery code of an account, in hexadecimal.
    pub(crate) fn recovery_digest(&self, user: UserId, code: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0.recovery);
        context.update(user.uuid().as_bytes());
        context.update(code);
        context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn aad(user: UserId) -> Aad<[u8; 16]> {
    Aad::from(*user.uuid().as_bytes())
}

fn derive(secret: &str, info: &[u8]) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    let extracted = Salt::new(HKDF_SHA256, &[]).extract(secret.as_bytes());
    let expanded = extracted.expand(&[info], HKDF_SHA256).and_then(|okm| okm.fill(&mut key));
    expanded.map_err(Error::internal)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn secret_opens_only_for_its_account_and_with_its_key() {
        let (ada, bob) = (Clock::System.mint(), Clock::System.mint());
        let (keys, others) = (FactorKeys::of("a secret of the test").unwrap(), FactorKeys::of("another").unwrap());
        let sealed = keys.seal(ada, b"twenty bytes of key!").unwrap();
        assert_eq!(keys.open(ada, &sealed).unwrap(), b"twenty bytes of key!");
        assert!(keys.open(bob, &sealed).is_err() && others.open(ada, &sealed).is_err());
        assert_ne!(keys.seal(ada, b"twenty bytes of key!").unwrap(), sealed, "each text has a nonce of its own");
        let changed = format!("{}A", &sealed[..sealed.len() - 1]);
        assert!(changed == sealed || keys.open(ada, &changed).is_err());
        for bad in ["", "AAAA", "!"] {
            assert!(keys.open(ada, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn digest_of_a_recovery_code_depends_on_account_and_key() {
        let (ada, bob) = (Clock::System.mint(), Clock::System.mint());
        let (keys, others) = (FactorKeys::of("a secret of the test").unwrap(), FactorKeys::of("another").unwrap());
        let digest = keys.recovery_digest(ada, b"code");
        assert_eq!(keys.recovery_digest(ada, b"code"), digest);
        assert!(keys.recovery_digest(bob, b"code") != digest && others.recovery_digest(ada, b"code") != digest);
    }
}
