//! The configured rate limits, and the keys under which attempts are counted.
//!
//! Every login, registration and reset counts twice: for its network, and for the email address that it names, whether or not an
//! account has that address. Anyone can fail with another person's address. So an account counts each network that it was logged
//! in from on its own, and all other networks together: attackers use up the limit of unknown networks, not the owner's.
//!
//! The table sees keyed digests only: without the key, no email address or IP address can be tested against it.

use aws_kit::{DigestKey, Settings};
use values::{Email, Error, Network, Result, Timestamp, UserId};

use crate::rate_limits::attempt_key::{AttemptKey, Counter};
use crate::rate_limits::device_token::KnownDevice;
use crate::rate_limits::sliding_window::RateLimit;

/// What a caller attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Login,
    Register,
    /// Every request that sends a mail with a secret.
    Reset,
    /// A proof of a second factor, in a login or a step-up.
    SecondFactor,
}

impl Action {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Login => b"login",
            Self::Register => b"register",
            Self::Reset => b"reset",
            Self::SecondFactor => b"second factor",
        }
    }
}

/// The limits of one action.
#[derive(Debug, Clone, Copy)]
struct ActionLimits {
    account: RateLimit,
    network: RateLimit,
}

/// The limits of all actions, and the key of the digests. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct RateLimits {
    key: DigestKey,
    login: ActionLimits,
    register: ActionLimits,
    reset: ActionLimits,
    second_factor: ActionLimits,
}

impl RateLimits {
    /// Reads `SOUK_AUTH_KEY`, `SOUK_LIMIT_<LOGIN, REGISTER, RESET>_<ACCOUNT, NETWORK>` and `SOUK_LIMIT_SECOND_FACTOR_ACCOUNT`: each
    /// limit is per minute and per hour, such as `10/60`.
    pub(crate) fn from_env() -> Result<Self> {
        Ok(Self {
            key: DigestKey::of_auth_from_env()?,
            login: ActionLimits::from_env("SOUK_LIMIT_LOGIN_ACCOUNT", "SOUK_LIMIT_LOGIN_NETWORK")?,
            register: ActionLimits::from_env("SOUK_LIMIT_REGISTER_ACCOUNT", "SOUK_LIMIT_REGISTER_NETWORK")?,
            reset: ActionLimits::from_env("SOUK_LIMIT_RESET_ACCOUNT", "SOUK_LIMIT_RESET_NETWORK")?,
            second_factor: ActionLimits::from_env("SOUK_LIMIT_SECOND_FACTOR_ACCOUNT", "SOUK_LIMIT_LOGIN_NETWORK")?,
        })
    }

    /// The key of an attempt that names an email address.
    pub(crate) fn key_by_email(&self, action: Action, email: &Email, network: &Network) -> AttemptKey {
        self.key(action, email.as_str().as_bytes(), network)
    }

    /// The key of an attempt by a user who is logged in.
    pub(crate) fn key_by_user(&self, action: Action, user: UserId, network: &Network) -> AttemptKey {
        self.key(action, user.to_string().as_bytes(), network)
    }

    fn key(&self, action: Action, name: &[u8], network: &Network) -> AttemptKey {
        let limits = self.limits(action);
        let counter = |parts: &[&[u8]], limit| Counter { digest: self.key.digest(parts), limit };
        AttemptKey {
            account: self.key.digest(&[b"account", name]),
            known_network: self.key.digest(&[b"home", name, network.bytes()]),
            network: counter(&[b"network", action.name(), network.bytes()], limits.network),
            unknown: counter(&[b"stranger", action.name(), name], limits.account),
            known: counter(&[b"familiar", action.name(), name, network.bytes()], limits.account),
            has_known_device: false,
        }
    }

    fn limits(&self, action: Action) -> ActionLimits {
        match action {
            Action::Login => self.login,
            Action::Register => self.register,
            Action::Reset => self.reset,
            Action::SecondFactor => self.second_factor,
        }
    }

    /// The key of an attempt that names an email address and may come from a known device.
    pub(crate) fn key_by_device(
        &self,
        action: Action,
        email: &Email,
        network: &Network,
        device: Option<&KnownDevice>,
    ) -> AttemptKey {
        let key = self.key_by_email(action, email, network);
        let Some(device) = device else { return key };
        let digest = self.key.digest(&[b"device", action.name(), email.as_str().as_bytes(), device.id.as_bytes()]);
        AttemptKey { known: Counter { digest, limit: self.limits(action).account }, has_known_device: true, ..key }
    }

    /// The device of a token that a client sent.
    pub(crate) fn known_device(&self, email: &Email, token: &str, now: Timestamp) -> Option<KnownDevice> {
        KnownDevice::of_token(&self.key, email, token, now)
    }

    /// A token for the device of a login: that one, or a new one.
    pub(crate) fn device_token(&self, email: &Email, device: Option<&KnownDevice>, now: Timestamp) -> Result<String> {
        match device {
            Some(device) => Ok(device.token(&self.key, email, now)),
            None => Ok(KnownDevice::random()?.token(&self.key, email, now)),
        }
    }
}

impl ActionLimits {
    fn from_env(account: &'static str, network: &'static str) -> Result<Self> {
        let limit = |name: &'static str| {
            let limit = Settings.required(name)?.parse::<RateLimit>();
            let message = || format!("{name} must be a limit per minute and per hour, such as 10/60");
            limit.map_err(|_: Error| Error::internal(message()))
        };
        Ok(Self { account: limit(account)?, network: limit(network)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_limits::sliding_window::AttemptCounts;
    use values::WindowCounts;

    fn rate_limits(key: &str) -> RateLimits {
        let limit = |text: &str| text.parse().unwrap();
        let limits = ActionLimits { account: limit("5/20"), network: limit("50/200") };
        let key = DigestKey::new(key);
        RateLimits { key, login: limits, register: limits, reset: limits, second_factor: limits }
    }

    fn key(email: &str, source: &str) -> AttemptKey {
        let (email, network) = (email.parse().unwrap(), Network::of(Some(source)));
        rate_limits("a key of the test").key_by_email(Action::Login, &email, &network)
    }

    #[test]
    fn unknown_networks_share_a_counter_and_a_known_one_has_its_account_counter() {
        let (home, abroad) = (key("ada@example.com", "192.0.2.1"), key("ada@example.com", "198.51.100.9"));
        assert_eq!(home.account_counter(false).digest, abroad.account_counter(false).digest);
        assert_ne!(home.account_counter(true).digest, abroad.account_counter(true).digest);
        assert_ne!(home.account_counter(true).digest, home.account_counter(false).digest);
        assert_eq!(home.account, abroad.account);
        assert_ne!(home.known_network, abroad.known_network);
    }

    #[test]
    fn known_device_has_its_own_counter_on_every_network() {
        let limits = rate_limits("a key of the test");
        let (ada, now) = ("ada@example.com".parse().unwrap(), Timestamp::from_millis(1_800_000_000_000));
        let token = limits.device_token(&ada, None, now).unwrap();
        let device = limits.known_device(&ada, &token, now).unwrap();
        let at = |source, device| limits.key_by_device(Action::Login, &ada, &Network::of(Some(source)), device);
        let (here, there) = (at("192.0.2.1", Some(&device)), at("198.51.100.9", Some(&device)));
        let strangers = at("198.51.100.9", None);
        assert_eq!(here.account_counter(false).digest, there.account_counter(true).digest);
        assert_ne!(there.account_counter(false).digest, strangers.account_counter(false).digest);
        assert_ne!(there.account_counter(false).digest, strangers.account_counter(true).digest);
        assert_eq!(there.network.digest, strangers.network.digest, "the network is counted as before");
        let other = limits.known_device(&ada, &limits.device_token(&ada, None, now).unwrap(), now).unwrap();
        assert_ne!(at("192.0.2.1", Some(&other)).account_counter(false).digest, here.account_counter(false).digest);
        let renewed = limits.device_token(&ada, Some(&device), now.plus_seconds(60)).unwrap();
        let renewed = limits.known_device(&ada, &renewed, now).unwrap();
        assert_eq!(at("192.0.2.1", Some(&renewed)).account_counter(false).digest, here.account_counter(false).digest);
    }

    #[test]
    fn network_is_counted_whatever_email_it_names() {
        let (ada, bob) = (key("ada@example.com", "192.0.2.1"), key("bob@example.com", "192.0.2.1"));
        assert_eq!(ada.network.digest, bob.network.digest);
        assert_ne!(ada.account_counter(false).digest, bob.account_counter(false).digest);
        assert_ne!(ada.network.digest, key("ada@example.com", "192.0.2.2").network.digest);
    }

    #[test]
    fn digests_differ_by_key_and_by_action() {
        let (email, network) = ("ada@example.com".parse().unwrap(), Network::of(Some("192.0.2.1")));
        let of = |key: &str, action| rate_limits(key).key_by_email(action, &email, &network);
        let login = of("a key of the test", Action::Login);
        for other in [of("another key", Action::Login), of("a key of the test", Action::Reset)] {
            for (ours, theirs) in login.counters().into_iter().zip(other.counters()) {
                assert_ne!(ours.digest, theirs.digest);
            }
        }
        let reset = of("a key of the test", Action::Reset);
        assert_eq!(login.known_network, reset.known_network, "a network is known for every action");
    }

    #[test]
    fn stricter_of_two_limits_is_reported() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let window = |current| WindowCounts { current, previous: 0 };
        let counts = |count| AttemptCounts { minute: window(count), hour: window(count) };
        let status = |limit: &str, count| limit.parse::<RateLimit>().unwrap().status(counts(count), now);
        assert_eq!(status("50/200", 1).and(status("5/20", 1)).limit(), 5);
        let exceeded = status("50/200", 60).and(status("5/20", 1));
        assert!(exceeded.require().is_err() && exceeded.limit() == 50, "{exceeded:?}");
    }
}
