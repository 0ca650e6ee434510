//! The providers that are configured, and their secrets.

use std::sync::Arc;

use aws_kit::{Aws, Secret, Settings};
use identity::{Attempt, Provider, Vouched};
use oauth2::url::Url;
use reqwest::Client;
use serde::Deserialize;
use values::{Error, Kind, Result};

use crate::exchange::Flow;
use crate::github::Github;
use crate::google::{Google, Known};
use crate::place::Place;

/// All of them.
#[derive(Debug)]
pub(crate) struct Providers {
    client: Client,
    secret: Secret,
    google: Option<Google>,
    github: Option<Github>,
}

/// One that can be asked now.
pub(crate) struct Ready<'a> {
    providers: &'a Providers,
    which: Which<'a>,
}

enum Which<'a> {
    Google(&'a Google, Arc<Known>),
    Github(&'a Github),
}

impl Providers {
    /// Those whose client's id is set, with the secret `SOUK_SECRET_OAUTH` (`{"google": …, "github": …}`).
    pub(crate) fn from_env(aws: &Aws, place: Place) -> Result<Self> {
        let github = match Settings.optional("SOUK_GITHUB_CLIENT_ID") {
            Some(id) => {
                let url = Settings.required("SOUK_GITHUB_URL")?;
                Some(Github::new(id, &url, &Settings.required("SOUK_GITHUB_API_URL")?, &place)?)
            }
            None => None,
        };
        let google = match Settings.optional("SOUK_GOOGLE_CLIENT_ID") {
            Some(id) => Some(Google::new(id, Settings.required("SOUK_GOOGLE_ISSUER")?, place)?),
            None => None,
        };
        let secret = Secret::from_env(aws, "SOUK_SECRET_OAUTH")?;
        Ok(Self { client: outbound::client()?, secret, google, github })
    }

    /// One provider, with its endpoints. 404 `provider_not_configured`; 503 `provider_unavailable` while it does not say where they are.
    pub(crate) async fn ready(&self, provider: Provider) -> Result<Ready<'_>> {
        let which = match (provider, &self.google, &self.github) {
            (Provider::Google, Some(google), _) => Which::Google(google, google.known(&self.client).await?),
            (Provider::Github, _, Some(github)) => Which::Github(github),
            _ => {
                let detail = "Nobody signs in with that provider here. Use another one, or log in with a password.";
                return Err(Error::new(Kind::NotFound, "provider_not_configured", detail));
            }
        };
        Ok(Ready { providers: self, which })
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
            let told = "the OauthSecret is not {\"google\": …, \"github\": …}; put yours with `aws secretsmanager put-secret-value`";
            Error::internal(told)
        })?;
        Ok(match provider {
            Provider::Google => secrets.google,
            Provider::Github => secrets.github,
        })
    }
}

impl Ready<'_> {
    fn flow(&self) -> &Flow {
        match &self.which {
            Which::Google(_, known) => &known.flow,
            Which::Github(github) => &github.flow,
        }
    }

    /// Where the browser goes.
    pub(crate) fn address(&self, attempt: &Attempt, state: &str) -> Result<Url> {
        match &self.which {
            Which::Google(_, known) => known.address(attempt, state),
            Which::Github(github) => github.address(attempt, state),
        }
    }

    /// Trades the code and learns who came. `issuer` is what the answer says of its sender. 401 `provider_refused`, 503
    /// `provider_unavailable`. 2 to 4 calls.
    pub(crate) async fn who(&self, attempt: &Attempt, code: &str, issuer: Option<&str>) -> Result<Vouched> {
        // GitHub publishes no name of its own to compare; its callback is its own, and so is the attempt's provider.
        if let Which::Google(_, known) = &self.which {
            known.require_issuer(issuer)?;
        }
        let Providers { client, secret, .. } = self.providers;
        let own = self.providers.secret_of(attempt.provider).await?;
        let traded = self.flow().trade(client, own, attempt, code).await;
        if traded.as_ref().is_err_and(|error| error.kind == Kind::Internal) {
            // It may have been replaced a moment ago.
            secret.evict().await;
        }
        let tokens = traded?;
        match &self.which {
            Which::Google(google, known) => google.who(client, known, &tokens, attempt).await,
            Which::Github(github) => github.who(client, &tokens).await,
        }
    }
}
