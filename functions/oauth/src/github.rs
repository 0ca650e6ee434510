//! GitHub: OAuth 2.0, and its API for the user's identity. There is no ID token, so the access token is used once for the API and
//! then dropped.

use identity::{ExternalIdentity, PendingSignIn, Provider};
use oauth2::url::Url;
use oauth2::{AuthType, TokenResponse};
use reqwest::{Client, RequestBuilder, header};
use serde::Deserialize;
use values::Result;

use crate::exchange::{Flow, Tokens};
use crate::fetch::fetch_json;
use crate::public_url::PublicUrl;

const SCOPES: [&str; 2] = ["read:user", "user:email"];
const VERSION: &str = "2022-11-28";

/// The configured provider.
#[derive(Debug)]
pub(crate) struct Github {
    /// `https://github.com`; the issuer of its subjects.
    issuer: String,
    api: String,
    pub(crate) flow: Flow,
}

/// GET /user. It has no `Debug`, because it is personal data.
#[derive(Deserialize)]
struct Profile {
    /// It never changes, unlike the login, which can even pass to another user.
    id: u64,
    login: String,
    name: Option<String>,
}

/// An item of GET /user/emails.
#[derive(Deserialize)]
struct EmailAddress {
    email: String,
    primary: bool,
    verified: bool,
}

impl Github {
    pub(crate) fn new(client_id: String, url: &str, api: &str, public_url: &PublicUrl) -> Result<Self> {
        let (url, api) = (url.trim_end_matches('/'), api.trim_end_matches('/'));
        public_url.provider_url("GithubApiUrl", api)?;
        let flow = Flow {
            client_id,
            authorize: public_url.provider_url("GithubUrl", &format!("{url}/login/oauth/authorize"))?,
            token: public_url.provider_url("GithubUrl", &format!("{url}/login/oauth/access_token"))?,
            callback: public_url.callback(Provider::Github),
            auth: AuthType::RequestBody,
        };
        Ok(Self { issuer: url.to_owned(), api: api.to_owned(), flow })
    }

    pub(crate) fn authorize_url(&self, pending: &PendingSignIn, state: &str) -> Result<Url> {
        self.flow.authorize_url(pending, state, &SCOPES, &[])
    }

    /// The user of the token, and the primary email address if GitHub has verified it. 2 calls side by side.
    pub(crate) async fn identify(&self, client: &Client, tokens: &Tokens) -> Result<ExternalIdentity> {
        let token = tokens.access_token().secret();
        let (profile, addresses): (Profile, Vec<EmailAddress>) = tokio::try_join!(
            fetch_json(self.get(client, "/user", token)),
            fetch_json(self.get(client, "/user/emails?per_page=100", token))
        )?;
        Ok(ExternalIdentity {
            provider: Provider::Github,
            issuer: self.issuer.clone(),
            subject: profile.id.to_string(),
            email: primary(&addresses).and_then(|email| email.parse().ok()),
            name: profile.name.filter(|name| !name.trim().is_empty()).or(Some(profile.login)),
        })
    }

    fn get(&self, client: &Client, path: &str, token: &str) -> RequestBuilder {
        client
            .get(format!("{}{path}", self.api))
            .bearer_auth(token)
            .header(header::ACCEPT, "application/vnd.github+json")
            .header("X-GitHub-Api-Version", VERSION)
    }
}

fn primary(addresses: &[EmailAddress]) -> Option<&str> {
    addresses.iter().find(|address| address.primary && address.verified).map(|address| address.email.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verified_primary_address_is_used() {
        let address = |email: &str, primary, verified| EmailAddress { email: email.into(), primary, verified };
        let (old, own) = (address("old@example.com", false, true), address("own@example.com", true, true));
        assert_eq!(primary(&[old, own]), Some("own@example.com"));
        assert_eq!(primary(&[address("a@example.com", true, false), address("b@example.com", false, true)]), None);
        assert_eq!(primary(&[]), None);
    }
}
