//! Braking whoever tries too often: which attempts are counted, under what, and who is let through.
//!
//! Every login, registration and reset counts twice: for the network it comes from, and for the email it names, whether or not there is
//! such an account. Anybody can fail in somebody else's name, so an account counts each network from which it was logged in to before by
//! itself, and all others together: strangers brake strangers, and not the owner at home. Nothing is locked; a window slides on.
//!
//! The table sees keyed digests alone: neither an email nor an address can be tried out against it without the key.

use aws_kit::Settings;
use aws_lc_rs::hmac;
use values::{Email, Error, Result, Timestamp, UserId};

use crate::network::Network;
use crate::store::{Noticed, Store, Tallied};
use crate::throttle::{Limit, Standing};

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Login,
    Register,
    /// Whatever sends a mail with a secret in it.
    Reset,
}

impl Action {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Login => b"login",
            Self::Register => b"register",
            Self::Reset => b"reset",
        }
    }
}

/// Of one action.
#[derive(Debug, Clone, Copy)]
struct Limits {
    account: Limit,
    network: Limit,
}

/// The limits, and the key that hides what they are counted under. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Throttles {
    key: hmac::Key,
    login: Limits,
    register: Limits,
    reset: Limits,
}

/// An outcome that was counted, and how the one who tried stands now.
#[derive(Debug)]
pub struct Counted<T> {
    /// For the answer's headers.
    pub standing: Standing,
    /// What became of it; 429 `rate_limited` if it was one too many.
    pub outcome: Result<T>,
}

impl<T> Counted<T> {
    /// Goes on if the attempt was not one too many.
    pub(crate) async fn attempt(standing: Standing, work: impl Future<Output = Result<T>>) -> Self {
        let outcome = match standing.require() {
            Ok(()) => work.await,
            Err(refused) => Err(refused),
        };
        Self { standing, outcome }
    }
}

/// A row that attempts are counted in.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    pub(crate) digest: String,
    limit: Limit,
}

/// What is known of somebody who tries, before the attempt is counted.
#[derive(Debug, Clone)]
pub(crate) struct Comer {
    /// Of the account that is named.
    pub(crate) account: String,
    /// Of the network, for this account alone.
    pub(crate) home: String,
    network: Counter,
    /// For the account, from anywhere.
    stranger: Counter,
    /// For the account, from this network.
    familiar: Counter,
}

impl Comer {
    /// The rows that may have to be known: those of the hour before.
    pub(crate) fn counters(&self) -> [&Counter; 3] {
        [&self.network, &self.stranger, &self.familiar]
    }

    fn own(&self, familiar: bool) -> &Counter {
        if familiar { &self.familiar } else { &self.stranger }
    }

    /// By the rows of the network and of its own counter.
    fn standing(&self, noticed: &Noticed, own: &Counter, counted: &(Tallied, Tallied), now: Timestamp) -> Standing {
        let network = Standing::of(self.network.limit, noticed.tally(&counted.0, now), now);
        network.and(Standing::of(own.limit, noticed.tally(&counted.1, now), now))
    }
}

impl Throttles {
    /// As `SOUK_THROTTLE_KEY` and `SOUK_LIMIT_<LOGIN, REGISTER, RESET>_<ACCOUNT, NETWORK>` say, each limit as `10/60`: per minute and hour.
    pub(crate) fn from_env() -> Result<Self> {
        Ok(Self::new(
            &Settings.required("SOUK_THROTTLE_KEY")?,
            Limits::from_env("SOUK_LIMIT_LOGIN_ACCOUNT", "SOUK_LIMIT_LOGIN_NETWORK")?,
            Limits::from_env("SOUK_LIMIT_REGISTER_ACCOUNT", "SOUK_LIMIT_REGISTER_NETWORK")?,
            Limits::from_env("SOUK_LIMIT_RESET_ACCOUNT", "SOUK_LIMIT_RESET_NETWORK")?,
        ))
    }

    fn new(key: &str, login: Limits, register: Limits, reset: Limits) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), login, register, reset }
    }

    /// Somebody who tries something in the name of an email.
    pub(crate) fn comer(&self, action: Action, email: &Email, network: &Network) -> Comer {
        self.named(action, email.as_str().as_bytes(), network)
    }

    /// Somebody who is logged in.
    pub(crate) fn member(&self, action: Action, user: UserId, network: &Network) -> Comer {
        self.named(action, user.to_string().as_bytes(), network)
    }

    fn named(&self, action: Action, name: &[u8], network: &Network) -> Comer {
        let limits = match action {
            Action::Login => self.login,
            Action::Register => self.register,
            Action::Reset => self.reset,
        };
        let counter = |parts: &[&[u8]], limit| Counter { digest: self.digest(parts), limit };
        Comer {
            account: self.digest(&[b"account", name]),
            home: self.digest(&[b"home", name, network.bytes()]),
            network: counter(&[b"network", action.name(), network.bytes()], limits.network),
            stranger: counter(&[b"stranger", action.name(), name], limits.account),
            familiar: counter(&[b"familiar", action.name(), name, network.bytes()], limits.account),
        }
    }

    fn digest(&self, parts: &[&[u8]]) -> String {
        digest(&self.key, parts)
    }
}

impl Limits {
    fn from_env(account: &'static str, network: &'static str) -> Result<Self> {
        let read = |name: &'static str| {
            let read = Settings.required(name)?.parse::<Limit>();
            read.map_err(|_: Error| Error::internal(format!("{name} is no limit per minute and hour, such as 10/60")))
        };
        Ok(Self { account: read(account)?, network: read(network)? })
    }
}

/// What the table sees of some parts: each with its length before it, so that no two lists of parts read alike.
pub(crate) fn digest(key: &hmac::Key, parts: &[&[u8]]) -> String {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Counts an attempt of somebody who was looked up before. 2 writes side by side.
pub(crate) async fn count(store: &Store, comer: &Comer, noticed: &Noticed, now: Timestamp) -> Result<Standing> {
    let own = comer.own(noticed.familiar());
    let counted = tokio::try_join!(store.count(&comer.network.digest, now), store.count(&own.digest, now))?;
    Ok(comer.standing(noticed, own, &counted, now))
}

/// Counts an attempt wherever it comes from. 1 batch read and 2 writes, all side by side.
pub(crate) async fn count_anybody(store: &Store, comer: &Comer, now: Timestamp) -> Result<Standing> {
    let own = comer.own(false);
    let (noticed, network, stranger) = tokio::try_join!(
        store.notice(comer, None, now),
        store.count(&comer.network.digest, now),
        store.count(&own.digest, now)
    )?;
    Ok(comer.standing(&noticed, own, &(network, stranger), now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttles(key: &str) -> Throttles {
        let limit = |text: &str| text.parse().unwrap();
        let limits = Limits { account: limit("5/20"), network: limit("50/200") };
        Throttles::new(key, limits, limits, limits)
    }

    fn comer(email: &str, source: &str) -> Comer {
        let (email, network) = (email.parse().unwrap(), Network::of(Some(source)));
        throttles("a key of the test").comer(Action::Login, &email, &network)
    }

    #[test]
    fn strangers_share_a_counter_and_a_known_network_has_its_own() {
        let (home, abroad) = (comer("ada@example.com", "192.0.2.1"), comer("ada@example.com", "198.51.100.9"));
        assert_eq!(home.own(false).digest, abroad.own(false).digest);
        assert_ne!(home.own(true).digest, abroad.own(true).digest);
        assert_ne!(home.own(true).digest, home.own(false).digest);
        assert_eq!(home.account, abroad.account);
        assert_ne!(home.home, abroad.home);
    }

    #[test]
    fn a_network_is_counted_whatever_email_it_names() {
        let (ada, bob) = (comer("ada@example.com", "192.0.2.1"), comer("bob@example.com", "192.0.2.1"));
        assert_eq!(ada.network.digest, bob.network.digest);
        assert_ne!(ada.own(false).digest, bob.own(false).digest);
        assert_ne!(ada.network.digest, comer("ada@example.com", "192.0.2.2").network.digest);
    }

    #[test]
    fn no_digest_is_of_use_without_the_key_or_for_another_action() {
        let (email, network) = ("ada@example.com".parse().unwrap(), Network::of(Some("192.0.2.1")));
        let of = |key: &str, action| throttles(key).comer(action, &email, &network);
        let login = of("a key of the test", Action::Login);
        for other in [of("another key", Action::Login), of("a key of the test", Action::Reset)] {
            for (ours, theirs) in login.counters().into_iter().zip(other.counters()) {
                assert_ne!(ours.digest, theirs.digest);
            }
        }
        assert_eq!(login.home, of("a key of the test", Action::Reset).home, "a home is one for whatever is done there");
    }

    #[test]
    fn the_stricter_of_two_limits_is_told() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let one = |now| crate::throttle::Counts { now, before: 0 };
        let tally = |count| crate::throttle::Tally { minute: one(count), hour: one(count) };
        let standing = |limit: &str, count| Standing::of(limit.parse().unwrap(), tally(count), now);
        assert_eq!(standing("50/200", 1).and(standing("5/20", 1)).limit(), 5);
        let refused = standing("50/200", 60).and(standing("5/20", 1));
        assert!(refused.require().is_err() && refused.limit() == 50, "{refused:?}");
    }
}
