//! HTTPS to servers outside AWS, such as those of a payment provider or an identity provider.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use values::{Error, Result};

const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Fails unless the URL of a server is https, because secrets go there or keys come from there. Only a local stack (`stage`) may use http.
/// `setting` is the name of the parameter that an operator has to change.
pub fn check_url(setting: &str, url: &str, stage: &str) -> Result<()> {
    if url.starts_with("https://") || (stage == "local" && url.starts_with("http://")) {
        return Ok(());
    }
    Err(Error::internal(format!("{setting} must begin with https://, not {url:?}")))
}

/// An HTTPS client. A call times out after 5 s and connecting after 2 s. It follows no redirects. Mozilla's root certificates are compiled
/// in, so that a start does not read the system's store (docs/adr/0008).
pub fn client() -> Result<Client> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(Error::internal)?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let client = Client::builder().timeout(TIMEOUT).connect_timeout(CONNECT_TIMEOUT).redirect(Policy::none());
    client.tls_backend_preconfigured(config).build().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::check_url;

    #[test]
    fn server_is_called_by_https_but_for_a_local_stack() {
        for (url, stage) in [("https://id.example/jwks", "prod"), ("http://127.0.0.1:1234/jwks", "local")] {
            assert!(check_url("TrustedJwksUrl", url, stage).is_ok(), "{url} {stage}");
        }
        for (url, stage) in [
            ("http://id.example/jwks", "prod"),
            ("http://127.0.0.1:1234", "dev"),
            ("file:///jwks", "local"),
            ("", "prod"),
        ] {
            assert!(check_url("TrustedJwksUrl", url, stage).is_err(), "{url} {stage}");
        }
    }
}
