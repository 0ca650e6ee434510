//! The cookie that binds a sign-in to its browser (RFC 6265). Each sign-in has its own cookie, named by its state, so that two
//! windows do not disturb each other.

use aws_kit::sha256_hex;
use http::{HeaderMap, header};
use identity::{Provider, SIGN_IN_SECONDS, SignInSecrets};

use crate::public_url::PublicUrl;

const NAME: &str = "souk_oauth_";
/// Browsers accept a cookie with this prefix only from this host, over https, and for all paths (RFC 6265bis, 4.1.3.2). So a sibling
/// domain cannot set the cookie of its own sign-in.
const HOST_PREFIX: &str = "__Host-";

/// Reads and writes the cookies of sign-ins.
#[derive(Debug)]
pub(crate) struct Cookies {
    url: PublicUrl,
}

impl Cookies {
    pub(crate) fn new(url: &PublicUrl) -> Self {
        Self { url: url.clone() }
    }

    /// `Set-Cookie` of a sign-in. It is `SameSite=Lax`, because the provider's page sends the browser back.
    pub(crate) fn set(&self, provider: Provider, secrets: &SignInSecrets) -> String {
        self.set_cookie(provider, &secrets.state, &secrets.browser, SIGN_IN_SECONDS)
    }

    /// `Set-Cookie` that removes it.
    pub(crate) fn remove(&self, provider: Provider, state: &str) -> String {
        self.set_cookie(provider, state, "", 0)
    }

    /// The browser's secret for this state, if the request has one.
    pub(crate) fn find(&self, headers: &HeaderMap, state: &str) -> Option<String> {
        let name = self.name(state);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(pair_name, _)| *pair_name == name).map(|(_, value)| value.to_owned())
    }

    fn set_cookie(&self, provider: Provider, state: &str, value: &str, seconds: i64) -> String {
        let name = self.name(state);
        // Without https the prefix is not allowed. The path limits the cookie instead.
        let scope = match self.url.is_local() {
            true => format!("Path={}", self.url.callback_path(provider)),
            false => "Path=/; Secure".to_owned(),
        };
        format!("{name}={value}; {scope}; Max-Age={seconds}; HttpOnly; SameSite=Lax")
    }

    /// The start of a digest: too short to reveal the state, long enough to tell sign-ins apart.
    fn name(&self, state: &str) -> String {
        let (prefix, digest) = (if self.url.is_local() { "" } else { HOST_PREFIX }, sha256_hex(state.as_bytes()));
        format!("{prefix}{NAME}{}", digest.get(..16).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(url: &str) -> Cookies {
        Cookies::new(&PublicUrl::parse(url).unwrap())
    }

    fn secrets() -> SignInSecrets {
        SignInSecrets { state: "a-state".into(), browser: "a-secret".into() }
    }

    fn sent(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn cookie_is_for_this_host_only_and_hidden_from_scripts() {
        let set = cookies("https://shop.example/base").set(Provider::Google, &secrets());
        assert!(set.starts_with("__Host-souk_oauth_") && !set.contains("a-state"), "{set}");
        assert!(set.ends_with("=a-secret; Path=/; Secure; Max-Age=600; HttpOnly; SameSite=Lax"), "{set}");
        let removed = cookies("http://127.0.0.1:1/base").remove(Provider::Google, "a-state");
        let rest = "=; Path=/base/api/v1/auth/oauth/google/callback; Max-Age=0; HttpOnly; SameSite=Lax";
        assert!(removed.starts_with("souk_oauth_") && removed.ends_with(rest), "{removed}");
    }

    #[test]
    fn sign_in_finds_its_own_cookie_among_others() {
        for url in ["https://shop.example", "http://127.0.0.1:1"] {
            let cookies = cookies(url);
            let set = cookies.set(Provider::Google, &secrets());
            let own = set.split(';').next().unwrap();
            let others = "theme=dark; souk_oauth_0123456789abcdef=another";
            for lines in [vec![own], vec![others, own], vec![&*format!("{others}; {own}")]] {
                assert_eq!(cookies.find(&sent(&lines), "a-state").as_deref(), Some("a-secret"), "{lines:?}");
            }
            assert_eq!(cookies.find(&sent(&[own]), "another-state"), None);
            assert_eq!(cookies.find(&HeaderMap::new(), "a-state"), None);
        }
    }

    #[test]
    fn cookie_without_the_prefix_is_ignored_over_https() {
        let set = cookies("http://127.0.0.1:1").set(Provider::Google, &secrets());
        let planted = set.split(';').next().unwrap();
        assert_eq!(cookies("https://shop.example").find(&sent(&[planted]), "a-state"), None);
    }
}
