//! Lists in pages. A cursor is opaque and authenticated: base64url of a MAC and a position.
//! It is valid for one list with one set of filters, so a caller cannot read a partition that the list does not show.

use std::sync::Arc;

use aws_kit::Settings;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use values::{Error, Kind, Page, PageRequest, Position, Result};

const MAC_BYTES: usize = 16;

/// Creates and checks cursors.
#[derive(Debug, Clone)]
pub struct Cursors(Arc<hmac::Key>);

/// The two query parameters of every list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// 1 to 100; 20 by default.
    pub limit: Option<u32>,
    /// The cursor of the previous page.
    pub cursor: Option<String>,
}

impl Cursors {
    /// Uses the key in `SOUK_CURSOR_KEY`.
    pub fn from_env() -> Result<Self> {
        Ok(Self::new(&Settings.required("SOUK_CURSOR_KEY")?))
    }

    /// Uses that key.
    pub fn new(key: &str) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())))
    }

    /// Reads the requested page. `list` names the list and its filters. Fails with 400 `invalid_cursor` or 422 `limit_out_of_range`.
    pub fn open(&self, query: &PageQuery, list: &str) -> Result<PageRequest> {
        let after = query.cursor.as_deref().map(|cursor| self.position(cursor, list)).transpose()?;
        PageRequest::new(query.limit, after)
    }

    fn position(&self, cursor: &str, list: &str) -> Result<Position> {
        let invalid = || {
            Error::new(
                Kind::Malformed,
                "invalid_cursor",
                "The cursor does not belong to this list with these filters. Start again without a cursor.",
            )
        };
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let (mac, position) = sealed.split_at_checked(MAC_BYTES).ok_or_else(invalid)?;
        let expected = self.mac(position, list);
        aws_lc_rs::constant_time::verify_slices_are_equal(mac, &expected).map_err(|_| invalid())?;
        serde_json::from_slice(position).map_err(|_| invalid())
    }

    fn seal(&self, position: &Position, list: &str) -> String {
        let position = serde_json::to_vec(position).unwrap_or_default();
        let mut sealed = self.mac(&position, list);
        sealed.extend_from_slice(&position);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    fn mac(&self, position: &[u8], list: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(list.as_bytes());
        context.update(&[0]);
        context.update(position);
        context.sign().as_ref().iter().copied().take(MAC_BYTES).collect()
    }
}

/// The body of a list that always fits into one page.
pub fn single_page(rows: impl Serialize) -> Value {
    json!({ "data": rows, "pagination": { "cursor": null, "hasMore": false } })
}

/// The body of a list: the page and the cursor of the next one. `list` names the list and its filters.
pub fn list<T: Serialize>(page: Page<T>, cursors: &Cursors, list: &str) -> Value {
    let cursor = page.next.map(|position| cursors.seal(&position, list));
    json!({ "data": page.rows, "pagination": { "hasMore": cursor.is_some(), "cursor": cursor } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_is_valid_only_for_its_own_list() {
        let cursors = Cursors::new("a key of the test");
        let position = Position([("pk".to_owned(), "A".to_owned())].into());
        let cursor = cursors.seal(&position, "/orders?status=paid");
        let query = |cursor: &str| PageQuery { limit: None, cursor: Some(cursor.to_owned()) };
        assert_eq!(cursors.open(&query(&cursor), "/orders?status=paid").unwrap().after, Some(position));
        assert_eq!(cursors.open(&query(&cursor), "/orders").unwrap_err().code, "invalid_cursor");
        let mut changed = cursor.clone().into_bytes();
        changed[30] = if changed[30] == b'A' { b'B' } else { b'A' };
        assert_eq!(
            cursors.open(&query(std::str::from_utf8(&changed).unwrap()), "/orders?status=paid").unwrap_err().code,
            "invalid_cursor"
        );
        assert_eq!(cursors.open(&query("§"), "/orders").unwrap_err().code, "invalid_cursor");
    }
}
