//! The two steps of the authorisation code flow (RFC 6749, 4.1, with PKCE), by the crate `oauth2` over our own client.

use std::fmt;
use std::pin::Pin;

use identity::Attempt;
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::url::Url;
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use reqwest::Client as Http;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

use crate::bodies::refused;
use crate::fetch::exchanged;

/// What a token answer has beside the access token. `Debug` hides it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Beside {
    /// OpenID Connect's.
    pub(crate) id_token: Option<String>,
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beside(…)")
    }
}

impl ExtraTokenFields for Beside {}

pub(crate) type Tokens = StandardTokenResponse<Beside, BasicTokenType>;

type Client = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Our own client, as `oauth2` wants to see one.
struct Wire(Http);

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(exchanged(&self.0, request))
    }
}

/// A provider as this flow sees it.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) client_id: String,
    /// Where browsers go.
    pub(crate) authorize: Url,
    /// Where codes are traded.
    pub(crate) token: Url,
    /// Where browsers come back to.
    pub(crate) callback: String,
    /// How the client's secret is sent.
    pub(crate) auth: AuthType,
}

impl Flow {
    fn client(&self) -> Result<Client> {
        let client = oauth2::Client::new(ClientId::new(self.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(self.authorize.clone()))
            .set_token_uri(TokenUrl::from_url(self.token.clone()))
            .set_redirect_uri(RedirectUrl::new(self.callback.clone()).map_err(Error::internal)?)
            .set_auth_type(self.auth.clone());
        Ok(client)
    }

    /// Where the browser goes to be vouched for.
    pub(crate) fn address(
        &self,
        attempt: &Attempt,
        state: &str,
        scopes: &[&str],
        more: &[(&str, &str)],
    ) -> Result<Url> {
        let client = self.client()?;
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let mut request = client
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for (name, value) in more {
            request = request.add_extra_param(*name, *value);
        }
        Ok(request.url().0)
    }

    /// Trades the provider's code, once and without a retry: it is good once. A provider that does not know us is a fault of ours.
    pub(crate) async fn trade(&self, http: &Http, secret: String, attempt: &Attempt, code: &str) -> Result<Tokens> {
        let client = self.client()?.set_client_secret(ClientSecret::new(secret));
        let traded = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&Wire(http.clone()))
            .await;
        traded.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            RequestTokenError::ServerResponse(answer) if is_our_fault(answer.error()) => Error::internal(format!(
                "the provider does not know this client ({}): see the parameters and the OauthSecret",
                word(answer.error())
            )),
            RequestTokenError::ServerResponse(answer) => {
                refused(format!("it refuses the code: {}", word(answer.error())))
            }
            // Without the answer, which may hold a token.
            RequestTokenError::Parse(error, _) => refused(format!("its answer does not read: {}", error.path())),
            RequestTokenError::Other(told) => refused(told),
        })
    }
}

/// For a log, which takes no novel.
fn word(error: &BasicErrorResponseType) -> String {
    error.to_string().chars().filter(|c| c.is_ascii_graphic()).take(40).collect()
}

/// RFC 6749, 5.2, and GitHub's words for the same.
fn is_our_fault(error: &BasicErrorResponseType) -> bool {
    match error {
        BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => true,
        BasicErrorResponseType::Extension(word) => word == "incorrect_client_credentials",
        _ => false,
    }
}
