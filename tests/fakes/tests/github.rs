//! The fake GitHub refuses everything that GitHub refuses, and more.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use fakes::{github, serve};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://127.0.0.1:1/api/v1/auth/oauth/github/callback";

struct Github {
    base: String,
    http: Client,
}

impl Github {
    async fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        tokio::spawn(serve::serve(listener, github::router()));
        let github = Self { base, http: Client::builder().redirect(Policy::none()).no_proxy().build()? };
        let emails = json!([{ "email": "ada@example.com", "primary": true, "verified": true }]);
        let ada = json!({ "id": 7, "name": "Ada", "emails": emails });
        github.http.put(format!("{}/_fake/github/people/ada", github.base)).json(&ada).send().await?;
        Ok(github)
    }

    /// The page's status and redirect for valid parameters with these changes.
    async fn authorize(&self, changes: &[(&str, &str)]) -> Result<(u16, Option<Url>)> {
        let state = "s".repeat(43);
        let mut parameters = HashMap::from([
            ("client_id", "souk-local"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("state", state.as_str()),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", "read:user user:email"),
            ("login", "ada"),
        ]);
        parameters.extend(changes.iter().copied());
        let page = Url::parse_with_params(&format!("{}/github/login/oauth/authorize", self.base), parameters)?;
        let answer = self.http.get(page).send().await?;
        let location = answer.headers().get("location").map(|url| url.to_str()).transpose()?;
        Ok((answer.status().as_u16(), location.map(Url::parse).transpose()?))
    }

    async fn code(&self) -> Result<String> {
        let back = self.authorize(&[]).await?.1.context("the page redirects")?;
        let code = back.query_pairs().find(|(name, _)| name == "code").context("the redirect has a code")?;
        Ok(code.1.into_owned())
    }

    async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Result<Value> {
        let mut form = HashMap::from([
            ("client_id", "souk-local"),
            ("client_secret", "github-secret-local-only"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        form.extend(changes.iter().copied());
        let url = format!("{}/github/login/oauth/access_token", self.base);
        let answer = self.http.post(url).header("accept", "application/json").form(&form).send().await?;
        assert_eq!(answer.status(), 200, "refusals have status 200");
        Ok(answer.json().await?)
    }

    async fn read(&self, path: &str, token: &str, agent: &str) -> Result<(u16, String)> {
        let request = self.http.get(format!("{}/github/api{path}", self.base)).bearer_auth(token);
        let answer = request.header("user-agent", agent).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}

#[tokio::test]
async fn code_is_exchanged_once_for_a_token_that_identifies_the_user() -> Result<()> {
    let github = Github::open().await?;
    let code = github.code().await?;
    let tokens = github.exchange(&code, &[]).await?;
    let token = tokens["access_token"].as_str().context("a token")?;
    let (status, user) = github.read("/user", token, "souk").await?;
    assert_eq!((status, serde_json::from_str::<Value>(&user)?["id"].as_u64()), (200, Some(7)));
    assert!(github.read("/user/emails", token, "souk").await?.1.contains("ada@example.com"));
    assert_eq!(github.exchange(&code, &[]).await?["error"], "bad_verification_code");
    assert_eq!(github.read("/user", "gho_another", "souk").await?.0, 401);
    assert_eq!(github.read("/user", token, "").await?.0, 403);
    Ok(())
}

#[tokio::test]
async fn page_requires_every_parameter() -> Result<()> {
    let github = Github::open().await?;
    for (name, value) in [
        ("client_id", "another"),
        ("redirect_uri", "https://evil.example/"),
        ("response_type", "token"),
        ("state", ""),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
        ("scope", "read:user"),
        ("login", "nobody"),
    ] {
        let (status, location) = github.authorize(&[(name, value)]).await?;
        assert_eq!((status, location), (400, None), "{name}");
    }
    let denied = github.authorize(&[("deny", "1")]).await?.1.context("the page redirects")?;
    assert!(denied.as_str().contains("error=access_denied&state="), "{denied}");
    Ok(())
}

#[tokio::test]
async fn code_is_bound_to_its_client_redirect_and_verifier() -> Result<()> {
    let github = Github::open().await?;
    for (name, value, error) in [
        ("client_secret", "guessed", "incorrect_client_credentials"),
        ("redirect_uri", "https://evil.example/", "redirect_uri_mismatch"),
        ("code_verifier", "guessed", "bad_verification_code"),
        ("code_verifier", "", "bad_verification_code"),
    ] {
        let code = github.code().await?;
        assert_eq!(github.exchange(&code, &[(name, value)]).await?["error"], error, "{name}");
    }
    Ok(())
}
