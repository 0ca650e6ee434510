//! A browser, as far as a sign-in with a provider needs one: it follows nothing by itself, keeps cookies by their path, and gives them
//! back there alone. And the two providers, where somebody sits at it.

use reqwest::header::SET_COOKIE;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};

use crate::{Response, Shop};

/// The front end's page that a sign-in ends at; on the test stack's list (profiles.py).
pub const SIGNED_IN: &str = "http://localhost:3000/signed-in";

/// One browser, with its cookies.
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

/// Where an answer sends the browser.
#[derive(Debug, Clone)]
pub struct Redirect(pub Url);

impl Redirect {
    /// Of an answer that sends it somewhere.
    #[track_caller]
    pub fn by(response: &Response) -> Self {
        assert_eq!(response.status, 302, "{} should send the browser on: {}", response.asked, response.text);
        let location = response.expect_header("location");
        Self(Url::parse(location).unwrap_or_else(|error| panic!("{location} is an address: {error}")))
    }

    /// A parameter of that address.
    pub fn says(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    /// The address with another value of a parameter.
    #[must_use]
    pub fn saying(&self, name: &str, value: &str) -> Self {
        let pairs: Vec<_> = self.0.query_pairs().into_owned().filter(|(found, _)| found != name).collect();
        let mut address = self.0.clone();
        address.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
        Self(address)
    }

    /// Fails unless it is the front end's page; the one-time code.
    #[track_caller]
    pub fn expect_code(&self) -> String {
        assert!(self.is_front_end() && self.says("error").is_none(), "a sign-in ends at the front end: {}", self.0);
        self.says("code").unwrap_or_else(|| panic!("a sign-in ends with a code: {}", self.0))
    }

    /// Fails unless it is the front end's page, and this error.
    #[track_caller]
    pub fn expect_error(&self, code: &str) {
        assert!(self.is_front_end(), "an error is told at the front end: {}", self.0);
        assert_eq!((self.says("error").as_deref(), self.says("code")), (Some(code), None), "{}", self.0);
    }

    fn is_front_end(&self) -> bool {
        self.0.as_str().split('?').next() == Some(SIGNED_IN)
    }
}

impl Shop {
    /// A browser without a cookie.
    pub fn browser(&self) -> Browser {
        let api = self.stack.api_url.trim_end_matches('/').to_owned();
        Browser { http: self.http.clone(), api, cookies: Vec::new() }
    }

    /// Tells the OpenID provider of somebody.
    pub async fn google_knows(&self, subject: &str, claims: &Value) {
        let request = self.http.put(format!("{}/users/{subject}", self.openid())).json(claims);
        done(request, "the OpenID provider takes somebody").await;
    }

    /// Somebody new there, whose address is verified.
    pub async fn google_knows_owner(&self, subject: &str, email: &str) {
        let claims = json!({ "email": email, "email_verified": true, "name": "Grace Hopper" });
        self.google_knows(subject, &claims).await;
    }

    /// Tells the fake GitHub of somebody.
    pub async fn github_knows(&self, login: &str, person: &Value) {
        let url = format!("{}/_fake/github/people/{login}", self.stack.payment_provider_url);
        done(self.http.put(url).json(person), "the fake GitHub takes somebody").await;
    }

    /// Trades a one-time code.
    pub async fn redeems(&self, code: &str) -> Response {
        self.anonymous().post("/api/v1/auth/oauth/token", &json!({ "code": code })).await
    }

    fn openid(&self) -> &str {
        self.stack.open_id_url.as_deref().unwrap_or_else(|| panic!("the test stack has an OpenID provider"))
    }
}

async fn done(request: RequestBuilder, what: &str) {
    let response = request.send().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(response.status().is_success(), "{what}: {}", response.status());
}

impl Browser {
    /// Begins a sign-in that ends at the front end; `more` stands behind that in the query.
    pub async fn begins(&mut self, provider: &str, more: &str) -> Response {
        let address = format!("{}/api/v1/auth/oauth/{provider}?redirect={SIGNED_IN}{more}", self.api);
        self.opens(&address).await
    }

    /// Opens an address with the cookies that belong there, and keeps those that come.
    pub async fn opens(&mut self, address: &str) -> Response {
        let path = Url::parse(address).unwrap_or_else(|error| panic!("{address}: {error}")).path().to_owned();
        let own = self.cookies.iter().filter(|cookie| path.starts_with(&cookie.path));
        let own: Vec<_> = own.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        let mut request = self.http.get(address);
        if !own.is_empty() {
            request = request.header("cookie", own.join("; "));
        }
        let response = answered(request, format!("GET {path}")).await;
        for line in response.headers.get_all(SET_COOKIE) {
            self.keeps(line.to_str().unwrap_or_default());
        }
        response
    }

    /// At the OpenID provider, somebody agrees; where that leads.
    pub async fn agrees_at_google(&self, page: &Redirect, subject: &str) -> Redirect {
        Redirect::by(&answered(self.http.post(page.0.clone()).form(&[("sub", subject)]), "POST the page".into()).await)
    }

    /// At the fake GitHub, somebody agrees; where that leads.
    pub async fn agrees_at_github(&self, page: &Redirect, login: &str) -> Redirect {
        Redirect::by(&answered(self.http.get(page.saying("login", login).0), "GET the page".into()).await)
    }

    /// The whole way with Google; where it ends.
    pub async fn signs_in_with_google(&mut self, subject: &str) -> Redirect {
        let page = Redirect::by(&self.begins("google", "").await);
        let back = self.agrees_at_google(&page, subject).await;
        Redirect::by(&self.opens(back.0.as_str()).await)
    }

    /// The whole way with GitHub; where it ends.
    pub async fn signs_in_with_github(&mut self, login: &str) -> Redirect {
        let page = Redirect::by(&self.begins("github", "").await);
        let back = self.agrees_at_github(&page, login).await;
        Redirect::by(&self.opens(back.0.as_str()).await)
    }

    /// How many cookies it holds.
    pub fn cookies(&self) -> usize {
        self.cookies.len()
    }

    fn keeps(&mut self, line: &str) {
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

async fn answered(request: RequestBuilder, asked: String) -> Response {
    let response = request.send().await.unwrap_or_else(|error| panic!("{asked} got no answer: {error}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap_or_else(|error| panic!("{asked} broke off: {error}"));
    Response { asked, status, headers, text }
}
