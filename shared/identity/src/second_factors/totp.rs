//! The codes of an authenticator app (TOTP, RFC 6238): SHA-1, 6 digits, 30 seconds, one step of skew on each side. These are the
//! values that every app knows. Pure.

use aws_lc_rs::rand;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use values::{Email, Error, Result, Timestamp, UserId};

use crate::second_factors::factor_keys::FactorKeys;

/// RFC 4226, 4: 160 bits are recommended.
const SECRET_BYTES: usize = 20;
const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
const SKEW_STEPS: u16 = 1;
/// How long a new secret waits to be confirmed.
const PENDING_SECONDS: i64 = 15 * 60;

/// A new authenticator app. Only this answer contains its secret.
// It has no `Debug`, so that the secret cannot get into a log.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewTotp {
    /// The secret in base32, to type into an app.
    #[cfg_attr(feature = "openapi", schemars(length(equal = 32), regex(pattern = "^[A-Z2-7]+$")))]
    pub secret: String,
    /// The same as an `otpauth://` URI, for a QR code.
    pub uri: String,
}

/// The row of an app: pending until a first code confirms it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TotpRow {
    /// Encrypted.
    secret: String,
    pub(crate) created_at: Timestamp,
    /// The step of the last code that was used, since 1970. An earlier code or the same is refused.
    #[serde(default)]
    pub(crate) last_step: u64,
    /// Of a pending app: TTL, in seconds. DynamoDB deletes late, so [`TotpRow::is_over`] asks the clock.
    #[serde(default)]
    expires_at: Option<i64>,
}

impl TotpRow {
    /// A new app of an account that waits to be confirmed, and what its owner types into it.
    pub(crate) fn pending(
        keys: &FactorKeys,
        user: UserId,
        (shop, email): (&str, &Email),
        now: Timestamp,
    ) -> Result<(Self, NewTotp)> {
        let mut secret = [0; SECRET_BYTES];
        rand::fill(&mut secret).map_err(Error::internal)?;
        let text = Secret::new_stack(secret).to_base32();
        let uri = uri(shop, email.as_str(), &text);
        let row = Self {
            secret: keys.seal(user, &secret)?,
            created_at: now,
            last_step: 0,
            expires_at: Some(now.seconds() + PENDING_SECONDS),
        };
        Ok((row, NewTotp { secret: text, uri }))
    }

    /// The same app, confirmed by the code of that step.
    pub(crate) fn confirmed(self, step: u64, now: Timestamp) -> Self {
        Self { created_at: now, last_step: step, expires_at: None, ..self }
    }

    /// Whether the time to confirm it is over.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now.seconds())
    }

    /// The step of a code that is right now and later than the last one; none otherwise.
    pub(crate) fn step_of(&self, keys: &FactorKeys, user: UserId, code: &str, now: Timestamp) -> Result<Option<u64>> {
        let secret =
            <[u8; SECRET_BYTES]>::try_from(keys.open(user, &self.secret)?.as_slice()).map_err(Error::internal)?;
        let seconds = u64::try_from(now.seconds()).map_err(Error::internal)?;
        let is_code = code.len() == usize::from(DIGITS) && code.bytes().all(|byte| byte.is_ascii_digit());
        let step = if is_code { totp(secret)?.check(code, seconds) } else { None };
        Ok(step.filter(|step| *step > self.last_step))
    }
}

fn totp(secret: [u8; SECRET_BYTES]) -> Result<Totp> {
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS).with_skew(SKEW_STEPS);
    totp.with_step_duration(STEP_SECONDS).with_secret(Secret::new_stack(secret)).build().map_err(Error::internal)
}

/// The URI that apps read (the Key URI Format of Google Authenticator).
fn uri(shop: &str, email: &str, secret: &str) -> String {
    // A colon separates the two names of the label.
    let shop = shop.replace(':', " ");
    let (shop, email) = (utf8_percent_encode(&shop, NON_ALPHANUMERIC), utf8_percent_encode(email, NON_ALPHANUMERIC));
    format!(
        "otpauth://totp/{shop}:{email}?secret={secret}&issuer={shop}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    /// RFC 6238, appendix B: the secret and its codes of 8 digits, of which apps show the last 6.
    const RFC_SECRET: &[u8; SECRET_BYTES] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    fn row(keys: &FactorKeys, user: UserId) -> TotpRow {
        let secret = keys.seal(user, RFC_SECRET).unwrap();
        TotpRow { secret, created_at: at(0), last_step: 0, expires_at: None }
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        let (keys, user) = (FactorKeys::of("a secret of the test").unwrap(), Clock::System.mint());
        let step = |seconds, code: &str| row(&keys, user).step_of(&keys, user, code, at(seconds)).unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step(seconds, code), u64::try_from(seconds / 30).ok(), "{seconds}");
        }
        for bad in ["", "28708", "2870822", "28708a", "287 082", "２８７０８２", "94287082"] {
            assert_eq!(step(59, bad), None, "{bad:?}");
        }
    }

    #[test]
    fn code_is_right_for_one_step_on_each_side_and_never_again() {
        let (keys, user) = (FactorKeys::of("a secret of the test").unwrap(), Clock::System.mint());
        let mut row = row(&keys, user);
        // The code of the step from 1111111080 to 1111111109.
        let code = "081804";
        let start = 1_111_111_080;
        for (seconds, is_right) in [(start - 31, false), (start - 30, true), (start + 59, true), (start + 60, false)] {
            let step = row.step_of(&keys, user, code, at(seconds)).unwrap();
            assert_eq!(step.is_some(), is_right, "{seconds}");
        }
        row.last_step = 37_037_035;
        assert_eq!(row.step_of(&keys, user, code, at(start)).unwrap(), Some(37_037_036));
        row.last_step = 37_037_036;
        assert_eq!(row.step_of(&keys, user, code, at(start)).unwrap(), None, "it was used");
    }

    #[test]
    fn pending_app_ends_and_its_row_hides_the_secret() {
        let (keys, user) = (FactorKeys::of("a secret of the test").unwrap(), Clock::System.mint());
        let email = "ada+1@example.com".parse().unwrap();
        let (row, new) = TotpRow::pending(&keys, user, ("Tea: & More", &email), at(1_000)).unwrap();
        assert!(!row.is_over(at(1_000 + PENDING_SECONDS - 1)) && row.is_over(at(1_000 + PENDING_SECONDS)));
        assert!(!row.clone().confirmed(7, at(2_000)).is_over(at(1_000_000)));
        assert!(new.secret.len() == 32 && !serde_json::to_string(&row).unwrap().contains(&new.secret));
        let expected = format!(
            "otpauth://totp/Tea%20%20%26%20More:ada%2B1%40example%2Ecom?secret={}&issuer=Tea%20%20%26%20More\
             &algorithm=SHA1&digits=6&period=30",
            new.secret
        );
        assert_eq!(new.uri, expected);
    }
}
