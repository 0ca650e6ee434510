//! The cookie that binds a sign-in to its browser (RFC 6265). Each attempt has its own, named by its state, so that two windows do not
//! disturb each other.

use aws_kit::sha256_hex;
use http::{HeaderMap, header};
use identity::{Keys, Provider, SIGN_IN_SECONDS};

use crate::place::Place;

const NAME: &str = "souk_oauth_";
/// Browsers take it over https alone (RFC 6265bis, 4.1.3.1).
const SECURE: &str = "__Secure-";

/// How cookies are written here.
#[derive(Debug)]
pub(crate) struct Cookies {
    place: Place,
}

impl Cookies {
    pub(crate) fn at(place: &Place) -> Self {
        Self { place: place.clone() }
    }

    /// `Set-Cookie` of an attempt. Lax, because the provider's page sends the browser back.
    pub(crate) fn given(&self, provider: Provider, keys: &Keys) -> String {
        self.written(provider, &keys.state, &keys.browser, SIGN_IN_SECONDS)
    }

    /// `Set-Cookie` that takes it away.
    pub(crate) fn taken(&self, provider: Provider, state: &str) -> String {
        self.written(provider, state, "", 0)
    }

    fn written(&self, provider: Provider, state: &str, value: &str, seconds: i64) -> String {
        let (prefix, secure) = if self.place.is_local() { ("", "") } else { (SECURE, "; Secure") };
        let path = self.place.callback_path(provider);
        format!("{prefix}{}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", name(state))
    }
}

/// Too little of a digest to be of use to anybody, enough to tell attempts apart.
fn name(state: &str) -> String {
    let digest = sha256_hex(state.as_bytes());
    format!("{NAME}{}", digest.get(..16).unwrap_or_default())
}

/// The browser's secret for that state, if it sends one.
pub(crate) fn found(headers: &HeaderMap, state: &str) -> Option<String> {
    let name = name(state);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut own = pairs.filter(|(found, _)| found.strip_prefix(SECURE).unwrap_or(found) == name);
    own.next().map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { state: "a-state".into(), browser: "a-secret".into() }
    }

    fn sent(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_for_the_callback_alone_and_for_no_script() {
        let given = Cookies::at(&Place::of("https://shop.example/base").unwrap()).given(Provider::Google, &keys());
        assert!(given.starts_with("__Secure-souk_oauth_") && !given.contains("a-state"), "{given}");
        let rest = "=a-secret; Path=/base/api/v1/auth/oauth/google/callback; Max-Age=600; HttpOnly; SameSite=Lax; Secure";
        assert!(given.ends_with(rest), "{given}");
        let local = Cookies::at(&Place::of("http://127.0.0.1:1").unwrap()).taken(Provider::Google, "a-state");
        assert!(local.starts_with("souk_oauth_") && local.contains("Max-Age=0") && !local.contains("Secure"), "{local}");
    }

    #[test]
    fn an_attempt_finds_its_own_cookie_among_others() {
        for place in ["https://shop.example", "http://127.0.0.1:1"] {
            let given = Cookies::at(&Place::of(place).unwrap()).given(Provider::Google, &keys());
            let own = given.split(';').next().unwrap();
            let others = "theme=dark; souk_oauth_0123456789abcdef=another";
            for lines in [vec![own], vec![others, own], vec![&*format!("{others}; {own}")]] {
                assert_eq!(found(&sent(&lines), "a-state").as_deref(), Some("a-secret"), "{lines:?}");
            }
            assert_eq!(found(&sent(&[own]), "another-state"), None);
        }
        assert_eq!(found(&HeaderMap::new(), "a-state"), None);
    }
}
