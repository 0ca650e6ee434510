//! The history of a run: every call of every client with its response, in the order in which the calls started. The effect of a
//! call happened between its start and its end. The checks read the history; a copy is written beside `stack.json` as JSON lines.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One call and its response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Calls are numbered in the order in which they start.
    pub seq: usize,
    /// The name of the client: `buyer 3, phone`.
    pub client: String,
    /// The caller's account. None for guests.
    pub caller: Option<String>,
    /// Microseconds since the history started.
    pub began_us: u64,
    /// By the same clock. None if there was no response; then the effect may happen at any later time.
    pub ended_us: Option<u64>,
    pub method: String,
    /// Without host: `/api/v1/orders`.
    pub path: String,
    /// The request body. Null if there was none.
    pub body: Value,
    /// The Idempotency-Key header.
    pub key: Option<String>,
    /// None if the response was lost.
    pub status: Option<u16>,
    /// The response body. Null if it is not JSON.
    pub answer: Value,
}

/// What a response says about the effect of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The effect happened.
    Applied,
    /// The effect did not happen and will not happen.
    Rejected,
    /// The effect may have happened, may still happen, or may never happen.
    Unknown,
}

impl Effect {
    /// 2xx means applied and 4xx rejected. A 5xx is unknown, because the function may have failed after the effect.
    pub fn of(status: Option<u16>) -> Self {
        match status {
            Some(200..300) => Self::Applied,
            Some(400..500) => Self::Rejected,
            _ => Self::Unknown,
        }
    }
}

impl CallRecord {
    /// What the response says about the effect.
    pub fn effect(&self) -> Effect {
        Effect::of(self.status)
    }
}

/// An action on the stack, for the reader of the history: a fault, a kill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Microseconds since the history started.
    pub at_us: u64,
    pub text: String,
}

/// All calls and notes of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The start, in milliseconds since 1970.
    pub began_at_ms: u64,
    /// In the order in which they started.
    pub calls: Vec<CallRecord>,
    /// In chronological order.
    pub notes: Vec<Note>,
}

impl History {
    /// Writes one JSON line for each call and note, in chronological order.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_to(&self, path: &Path) -> std::io::Result<()> {
        let calls = self.calls.iter().map(|call| (call.began_us, json!({ "call": call })));
        let notes = self.notes.iter().map(|note| (note.at_us, json!({ "note": note })));
        let mut lines: Vec<(u64, Value)> = calls.chain(notes).collect();
        lines.sort_by_key(|(at, _)| *at);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        writeln!(file, "{}", json!({ "began_at_ms": self.began_at_ms }))?;
        for (_, line) in lines {
            writeln!(file, "{line}")?;
        }
        file.flush()
    }
}

/// Writes the history of a run. All its clients share it.
#[derive(Debug, Clone)]
pub struct Recorder {
    began: Instant,
    history: Arc<Mutex<History>>,
}

/// A call without a response so far.
#[derive(Debug)]
#[must_use]
pub struct PendingCall(usize);

impl Recorder {
    /// Starts a history now.
    pub fn begin() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began_at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let history = History { began_at_ms, ..History::default() };
        Self { began: Instant::now(), history: Arc::new(Mutex::new(history)) }
    }

    /// Records a call before it is sent. If its client dies, the call counts as one whose response was lost.
    pub fn record_call(&self, call: CallRecord) -> PendingCall {
        let mut history = self.lock();
        let seq = history.calls.len();
        let began_us = self.now_us();
        history.calls.push(CallRecord { seq, began_us, ended_us: None, status: None, answer: Value::Null, ..call });
        PendingCall(seq)
    }

    /// Records the response.
    pub fn record_response(&self, pending: &PendingCall, status: u16, answer: Value) {
        let now = self.now_us();
        if let Some(call) = self.lock().calls.get_mut(pending.0) {
            (call.ended_us, call.status, call.answer) = (Some(now), Some(status), answer);
        }
    }

    /// Records an action on the stack.
    pub fn note(&self, text: impl Into<String>) {
        let at_us = self.now_us();
        self.lock().notes.push(Note { at_us, text: text.into() });
    }

    /// A copy of the history so far.
    pub fn history(&self) -> History {
        self.lock().clone()
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallRecord {
    /// A call that is about to be sent. The recorder sets the other fields.
    pub fn new(client: &str, caller: Option<&str>, method: &str, path: &str, body: Value, key: Option<&str>) -> Self {
        Self {
            seq: 0,
            client: client.to_owned(),
            caller: caller.map(str::to_owned),
            began_us: 0,
            ended_us: None,
            method: method.to_owned(),
            path: path.to_owned(),
            body,
            key: key.map(str::to_owned),
            status: None,
            answer: Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str) -> CallRecord {
        CallRecord::new("ada", Some("usr_ada"), "POST", path, json!({ "a": 1 }), Some("k"))
    }

    #[test]
    fn call_without_a_response_has_an_unknown_effect() {
        let recorder = Recorder::begin();
        let (unanswered, answered) = (recorder.record_call(call("/lost")), recorder.record_call(call("/kept")));
        recorder.record_response(&answered, 201, json!({ "id": "ord_1" }));
        let calls = recorder.history().calls;
        assert_eq!((calls[0].seq, calls[0].effect(), calls[0].ended_us), (0, Effect::Unknown, None));
        assert_eq!((calls[1].effect(), calls[1].answer["id"].as_str()), (Effect::Applied, Some("ord_1")));
        assert!(calls[1].ended_us >= Some(calls[1].began_us) && calls[1].began_us >= calls[0].began_us);
        drop(unanswered);
    }

    #[test]
    fn effect_is_known_from_2xx_and_4xx_only() {
        let effect_of = |status| CallRecord { status, ..call("/x") }.effect();
        assert_eq!((effect_of(Some(201)), effect_of(Some(409))), (Effect::Applied, Effect::Rejected));
        assert_eq!(
            (effect_of(Some(503)), effect_of(Some(302)), effect_of(None)),
            (Effect::Unknown, Effect::Unknown, Effect::Unknown)
        );
    }

    #[test]
    fn file_has_one_line_per_entry_in_chronological_order() {
        // Entries of the same microsecond have no defined order in the file.
        let wait_a_microsecond = || {
            let started = std::time::Instant::now();
            while started.elapsed() < std::time::Duration::from_micros(2) {}
        };
        let recorder = Recorder::begin();
        let _pending = recorder.record_call(call("/first"));
        wait_a_microsecond();
        recorder.note("the database is gone");
        wait_a_microsecond();
        let _pending = recorder.record_call(call("/second"));
        let path = std::env::temp_dir().join(format!("souk-history-{}.jsonl", std::process::id()));
        recorder.history().write_to(&path).expect("the file is written");
        let lines: Vec<Value> = std::fs::read_to_string(&path)
            .expect("the file is readable")
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect();
        std::fs::remove_file(&path).expect("the file is removed");
        assert_eq!(lines.len(), 4);
        assert!(lines[0]["began_at_ms"].is_u64());
        assert_eq!((&lines[1]["call"]["path"], &lines[3]["call"]["path"]), (&json!("/first"), &json!("/second")));
        assert_eq!(lines[2]["note"]["text"], "the database is gone");
    }
}
