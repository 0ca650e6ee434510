//! Serves a router over plain HTTP/1.1. It can also close a connection without a response, which axum's server cannot do, so this
//! uses hyper's connection.

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

/// An extension of a response: the connection is closed and nothing of the response is sent.
#[derive(Debug, Clone, Copy)]
pub struct DroppedConnection;

impl DroppedConnection {
    /// A response that is not sent.
    pub fn response() -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(DroppedConnection);
        response
    }
}

/// Serves without end. Connections are kept alive.
pub async fn serve(listener: TcpListener, router: Router) -> Infallible {
    loop {
        // A caller may close its connection before it is accepted, or too many files may be open. Both must not end the tests.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Nagle's algorithm and delayed acknowledgements together cost 40 ms for each request.
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
                    Err(io::Error::other("connection dropped on purpose"))
                }
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    // The caller notices a broken connection; that is the purpose of a fault.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
