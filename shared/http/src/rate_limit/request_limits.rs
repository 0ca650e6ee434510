//! The configured limits of all classes.

use std::collections::HashMap;

use aws_kit::{RatePolicy, Settings};
use values::{Error, Result, Window};

use super::route_class::RouteClass;

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerKind {
    /// A caller without a valid credential, in a minute.
    Network,
    /// A session's account, in a minute.
    Account,
    /// An API key, in an hour.
    ApiKey,
}

impl CallerKind {
    /// The name in the keys of counters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Account => "account",
            Self::ApiKey => "api-key",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ClassLimits {
    network: u32,
    account: u32,
    api_key: u32,
}

/// The limits of all classes.
#[derive(Debug)]
pub(crate) struct RequestLimits(HashMap<RouteClass, ClassLimits>);

impl RequestLimits {
    /// Reads `SOUK_REQUEST_LIMITS`: for each class the requests per network and minute, per account and minute, and per API key and
    /// hour, such as `general=100/300/1000,orders=30/20/300`.
    pub(crate) fn from_env() -> Result<Self> {
        Self::parse(&Settings.required("SOUK_REQUEST_LIMITS")?)
    }

    fn parse(text: &str) -> Result<Self> {
        let of = |class: RouteClass| {
            let mut entries = text.split(',').filter_map(|entry| entry.split_once('='));
            let entry = entries.find(|(name, _)| *name == class.name());
            let limits = entry.and_then(|(_, limits)| ClassLimits::parse(limits)).ok_or_else(|| {
                let name = class.name();
                Error::internal(format!("SOUK_REQUEST_LIMITS needs an entry such as {name}=100/300/1000: {text:?}"))
            });
            Ok((class, limits?))
        };
        RouteClass::LIMITED.into_iter().map(of).collect::<Result<_>>().map(Self)
    }

    /// How these requests are counted; none if they are not.
    pub(crate) fn policy(&self, class: RouteClass, caller: CallerKind) -> Option<RatePolicy> {
        let limits = self.0.get(&class)?;
        let (window, limit) = match caller {
            CallerKind::Network => (Window::MINUTE, limits.network),
            CallerKind::Account => (Window::MINUTE, limits.account),
            CallerKind::ApiKey => (Window::HOUR, limits.api_key),
        };
        Some(RatePolicy { window, limit, is_exact: class != RouteClass::General })
    }
}

impl ClassLimits {
    fn parse(text: &str) -> Option<Self> {
        let numbers: Option<Vec<u32>> = text.split('/').map(|number| number.parse().ok()).collect();
        match numbers?[..] {
            [network, account, api_key] if network.min(account).min(api_key) > 0 => {
                Some(Self { network, account, api_key })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str =
        "general=100/300/1000,orders=30/20/300,quotes=1/1/1,carts=1/1/1,reviews=1/1/1,uploads=1/1/1,credentials=1/1/1";

    #[test]
    fn limit_depends_on_the_class_and_on_who_is_counted() {
        let limits = RequestLimits::parse(ALL).unwrap();
        let policy = |class, caller| limits.policy(class, caller).unwrap();
        let general = policy(RouteClass::General, CallerKind::Network);
        assert_eq!((general.limit, general.window, general.is_exact), (100, Window::MINUTE, false));
        assert_eq!(policy(RouteClass::General, CallerKind::Account).limit, 300);
        let key = policy(RouteClass::Orders, CallerKind::ApiKey);
        assert_eq!((key.limit, key.window, key.is_exact), (300, Window::HOUR, true));
        assert_eq!(limits.policy(RouteClass::Exempt, CallerKind::Network), None);
    }

    #[test]
    fn class_without_limits_and_zero_are_refused() {
        for bad in
            [&ALL.replace(",orders=30/20/300", ""), &ALL.replace("30/20/300", "30/20"), &ALL.replace("30/", "0/")]
        {
            assert!(RequestLimits::parse(bad).is_err(), "{bad}");
        }
    }
}
