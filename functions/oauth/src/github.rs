//! GitHub: OAuth 2.0, and who somebody is by its API. There is no ID token, so the access token is used once, for that, and forgotten.

use identity::{Attempt, Provider, Vouched};
use oauth2::url::Url;
use oauth2::{AuthType, TokenResponse};
use reqwest::{Client, RequestBuilder, header};
use serde::Deserialize;
use values::Result;

use crate::exchange::{Flow, Tokens};
use crate::fetch::json;
use crate::place::Place;

const SCOPES: [&str; 2] = ["read:user", "user:email"];
const VERSION: &str = "2022-11-28";

/// The provider, as it is configured.
#[derive(Debug)]
pub(crate) struct Github {
    /// `https://github.com`; what its subjects are named by.
    issuer: String,
    api: String,
    pub(crate) flow: Flow,
}

/// GET /user. `Debug` is left out, for the person's sake.
#[derive(Deserialize)]
struct Profile {
    /// Stays, when the login is changed or given to somebody else.
    id: u64,
    login: String,
    name: Option<String>,
}

/// An item of GET /user/emails.
#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl Github {
    pub(crate) fn new(client_id: String, url: &str, api: &str, place: &Place) -> Result<Self> {
        let (url, api) = (url.trim_end_matches('/'), api.trim_end_matches('/'));
        place.address("GithubApiUrl", api)?;
        let flow = Flow {
            client_id,
            authorize: place.address("GithubUrl", &format!("{url}/login/oauth/authorize"))?,
            token: place.address("GithubUrl", &format!("{url}/login/oauth/access_token"))?,
            callback: place.callback(Provider::Github),
            auth: AuthType::RequestBody,
        };
        Ok(Self { issuer: url.to_owned(), api: api.to_owned(), flow })
    }

    pub(crate) fn address(&self, attempt: &Attempt, state: &str) -> Result<Url> {
        self.flow.address(attempt, state, &SCOPES, &[])
    }

    /// Who the token is about: the account, and its primary address if GitHub has verified it.
    pub(crate) async fn who(&self, client: &Client, tokens: &Tokens) -> Result<Vouched> {
        let token = tokens.access_token().secret();
        let (profile, addresses): (Profile, Vec<Address>) = tokio::try_join!(
            json(self.ask(client, "/user", token)),
            json(self.ask(client, "/user/emails?per_page=100", token))
        )?;
        Ok(Vouched {
            provider: Provider::Github,
            issuer: self.issuer.clone(),
            subject: profile.id.to_string(),
            email: primary(&addresses).and_then(|email| email.parse().ok()),
            name: profile.name.filter(|name| !name.trim().is_empty()).or(Some(profile.login)),
        })
    }

    fn ask(&self, client: &Client, path: &str, token: &str) -> RequestBuilder {
        client
            .get(format!("{}{path}", self.api))
            .bearer_auth(token)
            .header(header::ACCEPT, "application/vnd.github+json")
            .header("X-GitHub-Api-Version", VERSION)
    }
}

fn primary(addresses: &[Address]) -> Option<&str> {
    addresses.iter().find(|address| address.primary && address.verified).map(|address| address.email.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_primary_address_that_is_verified_is_somebodys() {
        let address = |email: &str, primary, verified| Address { email: email.into(), primary, verified };
        let (old, own) = (address("old@example.com", false, true), address("own@example.com", true, true));
        assert_eq!(primary(&[old, own]), Some("own@example.com"));
        assert_eq!(primary(&[address("a@example.com", true, false), address("b@example.com", false, true)]), None);
        assert_eq!(primary(&[]), None);
    }
}
