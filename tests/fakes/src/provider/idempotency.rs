//! Idempotency keys as Stripe treats them: the first answer is the answer, errors included; a key belongs to one request.

use std::collections::HashMap;

use super::form::Form;
use super::response::ApiResponse;

/// What a request with a key meets.
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
    /// None while the first request runs.
    response: Option<ApiResponse>,
}

/// All keys that were used.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, Entry>);

impl Keys {
    /// Takes the key, unless it is known.
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

    /// Keeps the answer.
    pub(crate) fn store(&mut self, key: &str, response: &ApiResponse) {
        if let Some(entry) = self.0.get_mut(key) {
            entry.response = Some(response.clone());
        }
    }

    /// Gives the key back: nothing was done under it.
    pub(crate) fn release(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// Forgets finished requests, as providers do after some hours: one order's, or all.
    pub(crate) fn expire(&mut self, order_id: Option<&str>) {
        self.0.retain(|_, entry| {
            entry.response.is_none() || order_id.is_some_and(|order| entry.order_id.as_deref() != Some(order))
        });
    }
}
