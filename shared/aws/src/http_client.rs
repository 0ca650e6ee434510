//! The HTTP client of all clients of AWS: HTTP/1.1 over TLS, or over plain TCP to a local stack. It is hyper's client with its pool of
//! connections. The client that comes with the SDK also has HTTP/2 and proxies, and parses the trust store once for each service
//! (docs/adr/0034).

use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::Uri;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, HttpConnector as TcpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tower::Service;

/// To resolve the name, connect and agree on TLS. All clients of AWS have this timeout, so the settings of each are not read.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The root certificates of Amazon Trust Services, which sign for every AWS endpoint. The system's store has some 144 roots, and reading
/// them is the largest part of a function's start (docs/adr/0008). For a custom `https://` endpoint the system's store is read. Source:
/// the repository of Amazon Trust Services. The roots expire in 2037 or later.
const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

/// The certificate authorities that a client trusts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TrustedRoots {
    /// Those of AWS.
    Amazon,
    /// Those of this machine.
    Machine,
}

impl TrustedRoots {
    fn store(self) -> Result<RootCertStore, BoxError> {
        let mut store = RootCertStore::empty();
        match self {
            Self::Amazon => {
                for root in CertificateDer::pem_slice_iter(AMAZON_ROOTS) {
                    store.add(root?)?;
                }
            }
            Self::Machine => {
                let (roots, _) = store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                // Every certificate would be of an unknown issuer, which does not say why.
                if roots == 0 {
                    return Err("this machine has no root certificates".into());
                }
            }
        }
        Ok(store)
    }
}

/// A client that all services share. It is built when it is first used.
pub(crate) fn https_client(roots: TrustedRoots) -> SharedHttpClient {
    SharedHttpClient::new(HttpsClient { roots, connector: OnceLock::new() })
}

#[derive(Debug)]
struct HttpsClient {
    roots: TrustedRoots,
    connector: OnceLock<SharedHttpConnector>,
}

impl HttpClient for HttpsClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.connector.get_or_init(|| SharedHttpConnector::new(Connector::new(self.roots))).clone()
    }
}

type PooledClient = legacy::Client<TimedConnector, SdkBody>;

/// Sends requests over pooled connections.
#[derive(Debug)]
struct Connector {
    /// Or why there is none.
    client: Result<PooledClient, String>,
}

impl Connector {
    fn new(roots: TrustedRoots) -> Self {
        Self { client: pooled_client(roots).map_err(|error| error.to_string()) }
    }
}

fn pooled_client(roots: TrustedRoots) -> Result<PooledClient, BoxError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let tls = tls.with_safe_default_protocol_versions()?;
    let mut tls = tls.with_root_certificates(roots.store()?).with_no_client_auth();
    // A server that does not speak HTTP/1.1 ends the handshake (RFC 7301, 3.2).
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut tcp = TcpConnector::new();
    tcp.set_nodelay(true);
    // The connector around it decides by the scheme.
    tcp.enforce_http(false);
    let connector = TimedConnector(HttpsConnector::from((tcp, tls)));
    Ok(legacy::Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector))
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = match &self.client {
            Ok(client) => client,
            Err(cause) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::other(cause.clone().into(), None)));
            }
        };
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let connection = capture_connection(&mut request);
        // The SDK closes the connection of an attempt that failed for a transient reason.
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || connection_metadata(&connection));
        }
        let response = client.request(request);
        HttpConnectorFuture::new(async move {
            let response = response.await.map_err(connector_error)?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The connection of a request, once it has one.
fn connection_metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    connection.connection_metadata().as_ref()?;
    let connection = connection.clone();
    let poison = move || {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

/// Says whether an attempt may be repeated, as the SDK's own client does.
fn connector_error(error: legacy::Error) -> ConnectorError {
    if source_of::<tokio::time::error::Elapsed>(&error).is_some() {
        return ConnectorError::timeout(error.into());
    }
    if error.is_connect() {
        return ConnectorError::io(error.into());
    }
    let has_io_error = source_of::<std::io::Error>(&error).is_some();
    let kind: fn(BoxError) -> ConnectorError = match source_of::<hyper::Error>(&error) {
        Some(cause) if cause.is_timeout() => ConnectorError::timeout,
        Some(cause) if cause.is_user() => ConnectorError::user,
        Some(cause) if cause.is_closed() || cause.is_canceled() || has_io_error => ConnectorError::io,
        // The server has closed the connection instead of answering.
        Some(cause) if cause.is_incomplete_message() => {
            |error: BoxError| ConnectorError::other(error, Some(ErrorKind::TransientError))
        }
        None if has_io_error => ConnectorError::io,
        _ => |error: BoxError| ConnectorError::other(error, None),
    };
    kind(error.into())
}

fn source_of<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// Opens connections within [`CONNECT_TIMEOUT`].
#[derive(Clone)]
struct TimedConnector(HttpsConnector<TcpConnector>);

impl Service<Uri> for TimedConnector {
    type Response = <HttpsConnector<TcpConnector> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connection = self.0.call(uri);
        Box::pin(async move { tokio::time::timeout(CONNECT_TIMEOUT, connection).await? })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn client_trusts_the_five_roots_of_amazon() {
        assert_eq!(TrustedRoots::Amazon.store().unwrap().len(), 5);
        assert!(Connector::new(TrustedRoots::Amazon).client.is_ok());
    }

    async fn error_of(url: &str) -> ConnectorError {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).unwrap();
        Connector::new(TrustedRoots::Amazon).call(request).await.unwrap_err()
    }

    #[tokio::test]
    async fn refused_connection_is_an_io_error() {
        // The port is free again when the listener is dropped.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for scheme in ["http", "https"] {
            let error = error_of(&format!("{scheme}://{address}")).await;
            assert!(error.is_io(), "{scheme}: {error:?}");
        }
    }

    #[tokio::test]
    async fn closed_connection_may_be_tried_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut caller = listener.accept().unwrap().0;
            assert!(caller.read(&mut [0; 8192]).unwrap() > 0);
        });
        let error = error_of(&format!("http://{address}")).await;
        assert!(error.is_io() || error.as_other() == Some(ErrorKind::TransientError), "{error:?}");
    }

    #[tokio::test]
    async fn connection_is_used_again_until_the_sdk_closes_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            // Both connections stay open until the end.
            [2, 1].map(|requests| {
                let mut caller = listener.accept().unwrap().0;
                for _ in 0..requests {
                    assert!(caller.read(&mut [0; 8192]).unwrap() > 0);
                    caller.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                }
                caller
            })
        });
        let (connector, capture) = (Connector::new(TrustedRoots::Amazon), CaptureSmithyConnection::new());
        for is_last_of_its_connection in [false, true, true] {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri(url.as_str()).unwrap();
            request.add_extension(capture.clone());
            let response = tokio::time::timeout(Duration::from_secs(5), connector.call(request)).await;
            response.expect("the server waits for this request on another connection").unwrap();
            // The connection returns to the pool.
            tokio::time::sleep(Duration::from_millis(20)).await;
            if is_last_of_its_connection {
                capture.get().unwrap().poison();
            }
        }
        server.join().unwrap();
    }

    #[tokio::test]
    async fn handshake_names_the_protocol() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let mut hello = [0; 16_384];
            let length = listener.accept().unwrap().0.read(&mut hello).unwrap();
            hello[..length].windows(9).any(|bytes| bytes == b"\x08http/1.1")
        });
        error_of(&format!("https://{address}")).await;
        assert!(server.join().unwrap());
    }

    #[tokio::test]
    async fn server_that_agrees_on_no_tls_is_left_after_the_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = error_of(&format!("https://{}", listener.local_addr().unwrap())).await;
        assert!(error.is_timeout(), "{error:?}");
    }
}
