//! A browser, as far as a sign-in with a provider needs one. It does not follow redirects by itself, and it sends cookies back to their
//! path only. Also the two providers and their pages.

use reqwest::header::SET_COOKIE;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};

use crate::{Response, Shop};

/// The front end's page where a sign-in ends. It is on the test stack's list (profiles.py).
pub const SIGNED_IN: &str = "http://localhost:3000/signed-in";

/// One browser with its cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    http: Client,
    api: String,
    cookies: Vec<Cookie>,
}

#[derive(Debug, Clone)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

/// The URL that a response redirects the browser to.
#[derive(Debug, Clone)]
pub struct Redirect(pub Url);

impl Redirect {
    /// Reads the redirect of a response. Panics if there is none.
    #[track_caller]
    pub fn of(response: &Response) -> Self {
        assert_eq!(response.status, 302, "{} should redirect the browser: {}", response.request_line, response.text);
        let location = response.expect_header("location");
        Self(Url::parse(location).unwrap_or_else(|error| panic!("{location} should be a URL: {error}")))
    }

    /// A query parameter of the URL.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    /// The URL with another value of a query parameter.
    #[must_use]
    pub fn with_parameter(&self, name: &str, value: &str) -> Self {
        let pairs: Vec<_> = self.0.query_pairs().into_owned().filter(|(found, _)| found != name).collect();
        let mut url = self.0.clone();
        url.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
        Self(url)
    }

    /// Returns the one-time code. Panics unless the URL is the front end's page with a code.
    #[track_caller]
    pub fn expect_code(&self) -> String {
        assert!(
            self.is_front_end() && self.parameter("error").is_none(),
            "a sign-in should end at the front end: {}",
            self.0
        );
        self.parameter("code").unwrap_or_else(|| panic!("a sign-in should end with a code: {}", self.0))
    }

    /// Panics unless the URL is the front end's page with this error.
    #[track_caller]
    pub fn expect_error(&self, code: &str) {
        assert!(self.is_front_end(), "an error should lead to the front end: {}", self.0);
        assert_eq!((self.parameter("error").as_deref(), self.parameter("code")), (Some(code), None), "{}", self.0);
    }

    fn is_front_end(&self) -> bool {
        self.0.as_str().split('?').next() == Some(SIGNED_IN)
    }
}

impl Shop {
    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        let api = self.stack.api_url.trim_end_matches('/').to_owned();
        Browser { http: self.http.clone(), api, cookies: Vec::new() }
    }

    /// Registers a user at the OpenID provider.
    pub async fn google_knows(&self, subject: &str, claims: &Value) {
        let request = self.http.put(format!("{}/users/{subject}", self.openid())).json(claims);
        succeeds(request, "the OpenID provider should accept a user").await;
    }

    /// Registers a user with a verified email address at the OpenID provider.
    pub async fn google_knows_owner(&self, subject: &str, email: &str) {
        let claims = json!({ "email": email, "email_verified": true, "name": "Grace Hopper" });
        self.google_knows(subject, &claims).await;
    }

    /// Registers a user at the fake GitHub.
    pub async fn github_knows(&self, login: &str, person: &Value) {
        let url = format!("{}/_fake/github/people/{login}", self.stack.payment_provider_url);
        succeeds(self.http.put(url).json(person), "the fake GitHub should accept a user").await;
    }

    /// Exchanges a one-time code for tokens.
    pub async fn redeems(&self, code: &str) -> Response {
        self.anonymous().post("/api/v1/auth/oauth/token", &json!({ "code": code })).await
    }

    fn openid(&self) -> &str {
        self.stack.open_id_url.as_deref().unwrap_or_else(|| panic!("the test stack should have an OpenID provider"))
    }
}

async fn succeeds(request: RequestBuilder, what: &str) {
    let response = request.send().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(response.status().is_success(), "{what}: {}", response.status());
}

impl Browser {
    /// Begins a sign-in that ends at the front end. `more` is appended to the query.
    pub async fn begins(&mut self, provider: &str, more: &str) -> Response {
        let url = format!("{}/api/v1/auth/oauth/{provider}?redirect={SIGNED_IN}{more}", self.api);
        self.opens(&url).await
    }

    /// Opens a URL with the cookies of its path, and stores the cookies of the response.
    pub async fn opens(&mut self, url: &str) -> Response {
        let path = Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}")).path().to_owned();
        let cookies = self.cookies.iter().filter(|cookie| path.starts_with(&cookie.path));
        let cookies: Vec<_> = cookies.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        let mut request = self.http.get(url);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let response = send(request, format!("GET {path}")).await;
        for line in response.headers.get_all(SET_COOKIE) {
            self.stores(line.to_str().unwrap_or_default());
        }
        response
    }

    /// The user agrees at the OpenID provider; returns the redirect.
    pub async fn agrees_at_google(&self, page: &Redirect, subject: &str) -> Redirect {
        Redirect::of(&send(self.http.post(page.0.clone()).form(&[("sub", subject)]), "POST the page".into()).await)
    }

    /// The user agrees at the fake GitHub; returns the redirect.
    pub async fn agrees_at_github(&self, page: &Redirect, login: &str) -> Redirect {
        Redirect::of(&send(self.http.get(page.with_parameter("login", login).0), "GET the page".into()).await)
    }

    /// Signs in with Google from beginning to end; returns the last redirect.
    pub async fn signs_in_with_google(&mut self, subject: &str) -> Redirect {
        let page = Redirect::of(&self.begins("google", "").await);
        let back = self.agrees_at_google(&page, subject).await;
        Redirect::of(&self.opens(back.0.as_str()).await)
    }

    /// Signs in with GitHub from beginning to end; returns the last redirect.
    pub async fn signs_in_with_github(&mut self, login: &str) -> Redirect {
        let page = Redirect::of(&self.begins("github", "").await);
        let back = self.agrees_at_github(&page, login).await;
        Redirect::of(&self.opens(back.0.as_str()).await)
    }

    /// The number of cookies that the browser stores.
    pub fn cookies(&self) -> usize {
        self.cookies.len()
    }

    fn stores(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let attributes: Vec<_> = parts.collect();
        let of = |wanted: &str| attributes.iter().find_map(|attribute| attribute.strip_prefix(wanted));
        self.cookies.retain(|cookie| cookie.name != name);
        if of("Max-Age=") != Some("0") {
            let path = of("Path=").unwrap_or("/").to_owned();
            self.cookies.push(Cookie { name: name.to_owned(), value: value.to_owned(), path });
        }
    }
}

async fn send(request: RequestBuilder, request_line: String) -> Response {
    let response = request.send().await.unwrap_or_else(|error| panic!("{request_line} should get a response: {error}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text =
        response.text().await.unwrap_or_else(|error| panic!("{request_line} should send its whole body: {error}"));
    Response { request_line, status, headers, text }
}
