//! The front end's pages that a sign-in may end at. Whoever could choose another would be handed other people's codes (RFC 9700, 4.1), so
//! an address is compared as a whole, letter by letter, and patterns there are none.

use aws_kit::Settings;
use oauth2::url::Url;
use values::{Error, Kind, Result};

use crate::place::Place;

/// The list.
#[derive(Debug)]
pub(crate) struct Redirects(Vec<String>);

impl Redirects {
    /// As `SOUK_OAUTH_REDIRECTS` says, with commas between. One that is no page over https (http on one's own machine) stops the start.
    pub(crate) fn from_env(place: &Place) -> Result<Self> {
        Self::read(&Settings.optional("SOUK_OAUTH_REDIRECTS").unwrap_or_default(), place)
    }

    fn read(text: &str, place: &Place) -> Result<Self> {
        let listed: Vec<String> =
            text.split(',').map(str::trim).filter(|page| !page.is_empty()).map(str::to_owned).collect();
        for page in &listed {
            let read = Url::parse(page).map_err(|error| Error::internal(format!("{page} is no address: {error}")))?;
            let own = matches!(read.host_str(), Some("localhost" | "127.0.0.1"));
            let good = read.scheme() == "https" || read.scheme() == "http" && (own || place.is_local());
            if !good || read.fragment().is_some() || !read.username().is_empty() {
                return Err(Error::internal(format!("a sign-in cannot end at {page}: it must be a page over https")));
            }
        }
        Ok(Self(listed))
    }

    /// That page, if it is on the list; 422 `redirect_not_allowed`.
    pub(crate) fn allowed(&self, page: String) -> Result<String> {
        if self.0.contains(&page) {
            return Ok(page);
        }
        let (code, told) = ("redirect_not_allowed", "is not one of this shop's pages that a sign-in may end at");
        let detail = "A sign-in does not end there. Ask whoever runs the shop to list the address (OAuthRedirects).";
        Err(Error::new(Kind::Invalid, code, detail).with_field("redirect", code, told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::of("https://api.shop.example").unwrap()
    }

    #[test]
    fn a_sign_in_ends_where_the_list_says_letter_by_letter() {
        let list = "https://shop.example/signed-in, http://localhost:3000/signed-in";
        let list = Redirects::read(list, &place()).unwrap();
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
        assert!(Redirects::read("", &place()).unwrap().allowed(String::new()).is_err());
    }

    #[test]
    fn a_list_that_would_send_codes_in_clear_stops_the_start() {
        for bad in
            ["http://shop.example/x", "https://shop.example/#x", "https://me@shop.example/", "signed-in", "data:x"]
        {
            assert!(Redirects::read(bad, &place()).is_err(), "{bad}");
        }
    }
}
