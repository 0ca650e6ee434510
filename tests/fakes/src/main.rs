//! `fakes provider --port N` and `fakes dynamodb-proxy --port N --upstream URL`. Both listen on 127.0.0.1 only, report on stderr
//! when they are ready, and run until they are killed.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use fakes::{dynamodb_proxy, github, issuer, provider, serve};
use lexopt::prelude::*;
use tokio::net::TcpListener;

const USAGE: &str = "usage: fakes provider --port N | fakes dynamodb-proxy --port N --upstream URL";

enum Command {
    Provider { port: u16 },
    DynamodbProxy { port: u16, upstream: String },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("fakes: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<Infallible> {
    let (port, router) = match parse(lexopt::Parser::from_env())? {
        Command::Provider { port } => (port, provider::router().merge(issuer::router()).merge(github::router())),
        Command::DynamodbProxy { port, upstream } => (port, dynamodb_proxy::router(&upstream)?),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.with_context(|| format!("port {port} is not available; choose another with --port"))?;
    eprintln!("fakes: ready on http://{}", listener.local_addr()?);
    Ok(serve::serve(listener, router).await)
}

fn parse(mut arguments: lexopt::Parser) -> Result<Command> {
    let (mut which, mut port, mut upstream) = (None, None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(name) if which.is_none() => which = Some(name.string()?),
            Long("port") => port = Some(arguments.value()?.parse::<u16>()?),
            Long("upstream") => upstream = Some(arguments.value()?.string()?),
            other => bail!("{}; {USAGE}", other.unexpected()),
        }
    }
    let port = port.with_context(|| format!("--port is missing; {USAGE}"))?;
    match which.as_deref() {
        Some("provider") => Ok(Command::Provider { port }),
        Some("dynamodb-proxy") => Ok(Command::DynamodbProxy {
            port,
            upstream: upstream.with_context(|| format!("--upstream is missing; {USAGE}"))?,
        }),
        _ => bail!(USAGE),
    }
}
