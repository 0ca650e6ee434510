//! The front end's pages where a sign-in may end. An attacker who could choose another page would receive other users' codes (RFC
//! 9700, 4.1). So URLs are compared as a whole, letter by letter, without patterns.

use aws_kit::Settings;
use oauth2::url::Url;
use values::{Error, Kind, Result};

use crate::public_url::PublicUrl;

/// The list of allowed pages.
#[derive(Debug)]
pub(crate) struct Redirects(Vec<String>);

impl Redirects {
    /// Reads `SOUK_OAUTH_REDIRECTS`, separated by commas. Fails for a page that is not https (or http on the local machine).
    pub(crate) fn from_env(url: &PublicUrl) -> Result<Self> {
        Self::parse(&Settings.optional("SOUK_OAUTH_REDIRECTS").unwrap_or_default(), url)
    }

    fn parse(text: &str, url: &PublicUrl) -> Result<Self> {
        let pages: Vec<String> =
            text.split(',').map(str::trim).filter(|page| !page.is_empty()).map(str::to_owned).collect();
        for page in &pages {
            let page_url =
                Url::parse(page).map_err(|error| Error::internal(format!("{page} is not a URL: {error}")))?;
            let is_local = matches!(page_url.host_str(), Some("localhost" | "127.0.0.1"));
            let is_safe = page_url.scheme() == "https" || page_url.scheme() == "http" && (is_local || url.is_local());
            if !is_safe || page_url.fragment().is_some() || !page_url.username().is_empty() {
                return Err(Error::internal(format!(
                    "a sign-in cannot end at {page}: it must be an https URL without user and fragment"
                )));
            }
        }
        Ok(Self(pages))
    }

    /// The page, if it is on the list; otherwise 422 `redirect_not_allowed`.
    pub(crate) fn allowed(&self, page: String) -> Result<String> {
        if self.0.contains(&page) {
            return Ok(page);
        }
        let (code, message) = ("redirect_not_allowed", "is not on the shop's list of pages where a sign-in may end");
        let detail =
            "A sign-in may not end at this URL. Ask the shop's operator to add it to the parameter OAuthRedirects.";
        Err(Error::new(Kind::Invalid, code, detail).with_field("redirect", code, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public_url() -> PublicUrl {
        PublicUrl::parse("https://api.shop.example").unwrap()
    }

    #[test]
    fn sign_in_ends_only_at_a_listed_page() {
        let list = "https://shop.example/signed-in, http://localhost:3000/signed-in";
        let list = Redirects::parse(list, &public_url()).unwrap();
        for good in ["https://shop.example/signed-in", "http://localhost:3000/signed-in"] {
            assert_eq!(list.allowed(good.into()).unwrap(), good);
        }
        for bad in [
            "https://shop.example/signed-in/",
            "https://shop.example/signed-in/../elsewhere",
            "https://shop.example/signed-in?to=elsewhere",
            "https://shop.example/signed-in#x",
            "https://shop.example.evil.example/signed-in",
            "https://shop.example@evil.example/signed-in",
            "https://SHOP.example/signed-in",
            "http://shop.example/signed-in",
            "//shop.example/signed-in",
            "",
        ] {
            assert_eq!(list.allowed(bad.into()).unwrap_err().code, "redirect_not_allowed", "{bad}");
        }
        assert!(Redirects::parse("", &public_url()).unwrap().allowed(String::new()).is_err());
    }

    #[test]
    fn list_with_an_unsafe_page_is_refused() {
        for bad in
            ["http://shop.example/x", "https://shop.example/#x", "https://me@shop.example/", "signed-in", "data:x"]
        {
            assert!(Redirects::parse(bad, &public_url()).is_err(), "{bad}");
        }
    }
}
