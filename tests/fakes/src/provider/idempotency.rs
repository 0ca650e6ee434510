//! Idempotency keys as Stripe treats them: the first answer is the answer, errors included; a key belongs to one request.

use std::collections::HashMap;

use super::answer::Answer;
use super::form::Form;

/// What a request with a key meets.
#[derive(Debug)]
pub(crate) enum Met {
    Nothing,
    Answer(Answer),
    AnotherRequest,
    StillRunning,
}

#[derive(Debug)]
struct Entry {
    path: String,
    form: Form,
    order_id: Option<String>,
    /// None while the first request runs.
    answer: Option<Answer>,
}

/// All keys that were used.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, Entry>);

impl Keys {
    /// Takes the key, unless it is known.
    pub(crate) fn begin(&mut self, key: &str, path: &str, form: &Form, order_id: Option<&str>) -> Met {
        match self.0.get(key) {
            Some(entry) if entry.path != path || entry.form != *form => Met::AnotherRequest,
            Some(Entry { answer: Some(answer), .. }) => Met::Answer(answer.clone()),
            Some(_) => Met::StillRunning,
            None => {
                let entry = Entry {
                    path: path.to_owned(),
                    form: form.clone(),
                    order_id: order_id.map(str::to_owned),
                    answer: None,
                };
                self.0.insert(key.to_owned(), entry);
                Met::Nothing
            }
        }
    }

    /// Keeps the answer.
    pub(crate) fn keep(&mut self, key: &str, answer: &Answer) {
        if let Some(entry) = self.0.get_mut(key) {
            entry.answer = Some(answer.clone());
        }
    }

    /// Gives the key back: nothing was done under it.
    pub(crate) fn release(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// Forgets finished requests, as providers do after some hours: one order's, or all.
    pub(crate) fn forget(&mut self, order_id: Option<&str>) {
        self.0.retain(|_, entry| {
            entry.answer.is_none() || order_id.is_some_and(|order| entry.order_id.as_deref() != Some(order))
        });
    }
}
