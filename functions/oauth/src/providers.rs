//! The configured providers and their secrets.

use std::sync::Arc;

use aws_kit::{Aws, Secret, Settings};
use identity::{ExternalIdentity, PendingSignIn, Provider};
use oauth2::url::Url;
use reqwest::Client;
use serde::Deserialize;
use values::{Error, Kind, Result};

use crate::exchange::Flow;
use crate::github::Github;
use crate::google::{Endpoints, Google};
use crate::public_url::PublicUrl;

/// Every configured provider.
#[derive(Debug)]
pub(crate) struct Providers {
    client: Client,
    secret: Secret,
    google: Option<Google>,
    github: Option<Github>,
}

/// A configured provider with its endpoints.
pub(crate) struct ReadyProvider<'a> {
    providers: &'a Providers,
    connection: Connection<'a>,
}

enum Connection<'a> {
    Google(&'a Google, Arc<Endpoints>),
    Github(&'a Github),
}

impl Providers {
    /// Every provider whose client id is set, with the secret `SOUK_SECRET_OAUTH` (`{"google": …, "github": …}`).
    pub(crate) fn from_env(aws: &Aws, public_url: PublicUrl) -> Result<Self> {
        let github = match Settings.optional("SOUK_GITHUB_CLIENT_ID") {
            Some(id) => {
                let url = Settings.required("SOUK_GITHUB_URL")?;
                Some(Github::new(id, &url, &Settings.required("SOUK_GITHUB_API_URL")?, &public_url)?)
            }
            None => None,
        };
        let google = match Settings.optional("SOUK_GOOGLE_CLIENT_ID") {
            Some(id) => Some(Google::new(id, Settings.required("SOUK_GOOGLE_ISSUER")?, public_url)?),
            None => None,
        };
        let secret = Secret::from_env(aws, "SOUK_SECRET_OAUTH")?;
        Ok(Self { client: outbound::client()?, secret, google, github })
    }

    /// A provider with its endpoints. 404 `provider_not_configured`; 503 `provider_unavailable` if its endpoints cannot be fetched.
    pub(crate) async fn ready(&self, provider: Provider) -> Result<ReadyProvider<'_>> {
        let connection = match (provider, &self.google, &self.github) {
            (Provider::Google, Some(google), _) => Connection::Google(google, google.endpoints(&self.client).await?),
            (Provider::Github, _, Some(github)) => Connection::Github(github),
            _ => {
                let detail = "This provider is not configured. Use another one, or log in with a password.";
                return Err(Error::new(Kind::NotFound, "provider_not_configured", detail));
            }
        };
        Ok(ReadyProvider { providers: self, connection })
    }

    async fn secret_of(&self, provider: Provider) -> Result<String> {
        #[derive(Default, Deserialize)]
        struct Secrets {
            #[serde(default)]
            google: String,
            #[serde(default)]
            github: String,
        }
        let secrets: Secrets = serde_json::from_str(&self.secret.text().await?).map_err(|_| {
            let message = "the OauthSecret must be {\"google\": …, \"github\": …}; set it with `aws secretsmanager put-secret-value`";
            Error::internal(message)
        })?;
        Ok(match provider {
            Provider::Google => secrets.google,
            Provider::Github => secrets.github,
        })
    }
}

impl ReadyProvider<'_> {
    fn flow(&self) -> &Flow {
        match &self.connection {
            Connection::Google(_, endpoints) => &endpoints.flow,
            Connection::Github(github) => &github.flow,
        }
    }

    /// The URL where the browser signs in.
    pub(crate) fn authorize_url(&self, pending: &PendingSignIn, state: &str) -> Result<Url> {
        match &self.connection {
            Connection::Google(_, endpoints) => endpoints.authorize_url(pending, state),
            Connection::Github(github) => github.authorize_url(pending, state),
        }
    }

    /// Exchanges the code and identifies the user. `issuer` is the sender that the callback names. 401 `provider_refused`, 503
    /// `provider_unavailable`. 2 to 4 calls.
    pub(crate) async fn identify(
        &self,
        pending: &PendingSignIn,
        code: &str,
        issuer: Option<&str>,
    ) -> Result<ExternalIdentity> {
        // GitHub sends no issuer. Its callback URL is its own, and the pending sign-in names its provider.
        if let Connection::Google(_, endpoints) = &self.connection {
            endpoints.require_issuer(issuer)?;
        }
        let Providers { client, secret, .. } = self.providers;
        let client_secret = self.providers.secret_of(pending.provider).await?;
        let exchanged = self.flow().exchange(client, client_secret, pending, code).await;
        if exchanged.as_ref().is_err_and(|error| error.kind == Kind::Internal) {
            // The secret may have been replaced a moment ago, so the cached one is dropped.
            secret.evict().await;
        }
        let tokens = exchanged?;
        match &self.connection {
            Connection::Google(google, endpoints) => google.identify(client, endpoints, &tokens, pending).await,
            Connection::Github(github) => github.identify(client, &tokens).await,
        }
    }
}
