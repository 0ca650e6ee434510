//! Serves a router over plain HTTP/1.1 and does one thing that a well-behaved server never does: hang up without an
//! answer. That is why this is hyper's connection and not axum's server.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// Put into a response's extensions: the connection is closed and nothing of the response is sent.
#[derive(Debug, Clone, Copy)]
pub struct DroppedConnection;

impl DroppedConnection {
    /// A response that never arrives.
    pub fn response() -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(DroppedConnection);
        response
    }
}

/// Serves for ever. Connections are kept alive.
pub async fn serve(listener: TcpListener, router: Router) -> Infallible {
    loop {
        // A caller that went away before it was accepted, or too many open files: neither is worth the tests' run.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Nagle and delayed acknowledgement together cost 40 ms a request here.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve_connection(stream, router.clone()));
    }
}

async fn serve_connection(stream: TcpStream, router: Router) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        async move {
            let result: Result<Response, Infallible> = router.oneshot(request.map(Body::new)).await;
            match result {
                Ok(response) if response.extensions().get::<DroppedConnection>().is_some() => {
                    Err(io::Error::other("hung up on purpose"))
                }
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    // A connection that ends badly is the caller's to notice: that is what it is for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
