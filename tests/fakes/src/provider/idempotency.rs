//! Idempotency keys as in Stripe: the first response is stored and repeated, also an error. A key belongs to one request.

use std::collections::HashMap;

use super::form::Form;
use super::response::ApiResponse;

/// The state of a key when a request arrives.
#[derive(Debug)]
pub(crate) enum KeyState {
    Unused,
    Finished(ApiResponse),
    OtherRequest,
    InProgress,
}

#[derive(Debug)]
struct Entry {
    path: String,
    form: Form,
    order_id: Option<String>,
    /// None while the first request is in progress.
    response: Option<ApiResponse>,
}

/// All used keys.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, Entry>);

impl Keys {
    /// Claims an unused key.
    pub(crate) fn claim(&mut self, key: &str, path: &str, form: &Form, order_id: Option<&str>) -> KeyState {
        match self.0.get(key) {
            Some(entry) if entry.path != path || entry.form != *form => KeyState::OtherRequest,
            Some(Entry { response: Some(response), .. }) => KeyState::Finished(response.clone()),
            Some(_) => KeyState::InProgress,
            None => {
                let entry = Entry {
                    path: path.to_owned(),
                    form: form.clone(),
                    order_id: order_id.map(str::to_owned),
                    response: None,
                };
                self.0.insert(key.to_owned(), entry);
                KeyState::Unused
            }
        }
    }

    /// Stores the response.
    pub(crate) fn store(&mut self, key: &str, response: &ApiResponse) {
        if let Some(entry) = self.0.get_mut(key) {
            entry.response = Some(response.clone());
        }
    }

    /// Releases the key, because the request had no effect.
    pub(crate) fn release(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// Deletes stored responses of one order or of all, as providers do after some hours.
    pub(crate) fn expire(&mut self, order_id: Option<&str>) {
        self.0.retain(|_, entry| {
            entry.response.is_none() || order_id.is_some_and(|order| entry.order_id.as_deref() != Some(order))
        });
    }
}
