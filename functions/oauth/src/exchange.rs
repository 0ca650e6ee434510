//! The two steps of the authorisation code flow (RFC 6749, 4.1, with PKCE), by the crate `oauth2` over our own HTTP client.

use std::fmt;
use std::pin::Pin;

use identity::PendingSignIn;
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

use crate::fetch::send_oauth_request;
use crate::requests::provider_refused;

/// The extra fields of a token response. `Debug` hides them.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct ExtraFields {
    /// Sent by OpenID Connect providers.
    pub(crate) id_token: Option<String>,
}

impl fmt::Debug for ExtraFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExtraFields(…)")
    }
}

impl ExtraTokenFields for ExtraFields {}

pub(crate) type Tokens = StandardTokenResponse<ExtraFields, BasicTokenType>;

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

/// Our own HTTP client, for `oauth2`.
struct Transport(Http);

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(send_oauth_request(&self.0, request))
    }
}

/// A provider's part of the flow.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) client_id: String,
    /// Where browsers sign in.
    pub(crate) authorize: Url,
    /// Where codes are exchanged.
    pub(crate) token: Url,
    /// Where browsers come back.
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

    /// The URL where the browser signs in.
    pub(crate) fn authorize_url(
        &self,
        pending: &PendingSignIn,
        state: &str,
        scopes: &[&str],
        params: &[(&str, &str)],
    ) -> Result<Url> {
        let client = self.client()?;
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let mut request = client
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for (name, value) in params {
            request = request.add_extra_param(*name, *value);
        }
        Ok(request.url().0)
    }

    /// Exchanges the provider's code, without a retry because a code can be used once. 401 `provider_refused`, 503
    /// `provider_unavailable`; an internal error when the provider does not accept our client. 1 call.
    pub(crate) async fn exchange(
        &self,
        http: &Http,
        secret: String,
        pending: &PendingSignIn,
        code: &str,
    ) -> Result<Tokens> {
        let client = self.client()?.set_client_secret(ClientSecret::new(secret));
        let response = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
            .request_async(&Transport(http.clone()))
            .await;
        response.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            RequestTokenError::ServerResponse(answer) if is_client_error(answer.error()) => Error::internal(format!(
                "the provider does not accept this client ({}): check the parameters and the OauthSecret",
                short_code(answer.error())
            )),
            RequestTokenError::ServerResponse(answer) => {
                provider_refused(format!("it refuses the code: {}", short_code(answer.error())))
            }
            // Without the answer, which may contain a token.
            RequestTokenError::Parse(error, _) => {
                provider_refused(format!("its answer does not parse: {}", error.path()))
            }
            RequestTokenError::Other(message) => provider_refused(message),
        })
    }
}

/// The error code, made safe and short for a log.
fn short_code(error: &BasicErrorResponseType) -> String {
    error.to_string().chars().filter(|c| c.is_ascii_graphic()).take(40).collect()
}

/// The error codes of a client that is not accepted (RFC 6749, 5.2), and GitHub's own code.
fn is_client_error(error: &BasicErrorResponseType) -> bool {
    match error {
        BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => true,
        BasicErrorResponseType::Extension(word) => word == "incorrect_client_credentials",
        _ => false,
    }
}
