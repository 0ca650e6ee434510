//! The cookie that binds a sign-in to its browser (RFC 6265). Each attempt has its own, named by its state, so that two windows do not
//! disturb each other.

use aws_kit::sha256_hex;
use http::{HeaderMap, header};
use identity::{Keys, Provider, SIGN_IN_SECONDS};

use crate::place::Place;

const NAME: &str = "souk_oauth_";
/// Browsers take such a one from this very host alone, over https, and for all of it (RFC 6265bis, 4.1.3.2): no sibling domain can plant
/// the cookie of an attempt of its own.
const HOST: &str = "__Host-";

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

    /// The browser's secret for that state, if it sends one.
    pub(crate) fn found(&self, headers: &HeaderMap, state: &str) -> Option<String> {
        let name = self.name(state);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
    }

    fn written(&self, provider: Provider, state: &str, value: &str, seconds: i64) -> String {
        let name = self.name(state);
        // In clear there is no such prefix, and the path says where the cookie goes.
        let scope = match self.place.is_local() {
            true => format!("Path={}", self.place.callback_path(provider)),
            false => "Path=/; Secure".to_owned(),
        };
        format!("{name}={value}; {scope}; Max-Age={seconds}; HttpOnly; SameSite=Lax")
    }

    /// Too little of a digest to be of use to anybody, enough to tell attempts apart.
    fn name(&self, state: &str) -> String {
        let (prefix, digest) = (if self.place.is_local() { "" } else { HOST }, sha256_hex(state.as_bytes()));
        format!("{prefix}{NAME}{}", digest.get(..16).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(place: &str) -> Cookies {
        Cookies::at(&Place::of(place).unwrap())
    }

    fn keys() -> Keys {
        Keys { state: "a-state".into(), browser: "a-secret".into() }
    }

    fn sent(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_for_this_host_alone_and_for_no_script() {
        let given = at("https://shop.example/base").given(Provider::Google, &keys());
        assert!(given.starts_with("__Host-souk_oauth_") && !given.contains("a-state"), "{given}");
        assert!(given.ends_with("=a-secret; Path=/; Secure; Max-Age=600; HttpOnly; SameSite=Lax"), "{given}");
        let taken = at("http://127.0.0.1:1/base").taken(Provider::Google, "a-state");
        let rest = "=; Path=/base/api/v1/auth/oauth/google/callback; Max-Age=0; HttpOnly; SameSite=Lax";
        assert!(taken.starts_with("souk_oauth_") && taken.ends_with(rest), "{taken}");
    }

    #[test]
    fn an_attempt_finds_its_own_cookie_among_others() {
        for place in ["https://shop.example", "http://127.0.0.1:1"] {
            let cookies = at(place);
            let given = cookies.given(Provider::Google, &keys());
            let own = given.split(';').next().unwrap();
            let others = "theme=dark; souk_oauth_0123456789abcdef=another";
            for lines in [vec![own], vec![others, own], vec![&*format!("{others}; {own}")]] {
                assert_eq!(cookies.found(&sent(&lines), "a-state").as_deref(), Some("a-secret"), "{lines:?}");
            }
            assert_eq!(cookies.found(&sent(&[own]), "another-state"), None);
            assert_eq!(cookies.found(&HeaderMap::new(), "a-state"), None);
        }
    }

    #[test]
    fn a_cookie_without_the_prefix_is_none_where_there_should_be_one() {
        let given = at("http://127.0.0.1:1").given(Provider::Google, &keys());
        let planted = given.split(';').next().unwrap();
        assert_eq!(at("https://shop.example").found(&sent(&[planted]), "a-state"), None);
    }
}
