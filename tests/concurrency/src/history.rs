//! What was asked and what was answered: every call of every client, in the order in which they began, with the moments
//! between which its effect must have happened. The checks read it; a copy lies beside the stack as JSON lines.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One call and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Its place in the history: calls are numbered as they begin.
    pub seq: usize,
    /// Who called, in words: `buyer 3, phone`.
    pub client: String,
    /// The account that called; none for guests.
    pub caller: Option<String>,
    /// Microseconds since the history began.
    pub began_us: u64,
    /// The same clock; none if the answer never came, and then its effect may come at any time.
    pub ended_us: Option<u64>,
    /// `POST`.
    pub method: String,
    /// `/api/v1/orders`.
    pub path: String,
    /// Null if none was sent.
    pub body: Value,
    /// The Idempotency-Key.
    pub key: Option<String>,
    /// None if the answer was lost.
    pub status: Option<u16>,
    /// The answer's body; null if it is not JSON.
    pub answer: Value,
}

/// What an answer says about the effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It happened.
    Applied,
    /// It did not, and will not.
    Rejected,
    /// Nobody said: it may have happened, or happen yet, or never.
    Unknown,
}

impl Effect {
    /// 2xx is a promise and 4xx a refusal. A 5xx is neither: whoever broke may have broken afterwards.
    pub fn of(status: Option<u16>) -> Self {
        match status {
            Some(200..300) => Self::Applied,
            Some(400..500) => Self::Rejected,
            _ => Self::Unknown,
        }
    }
}

impl CallRecord {
    /// What its answer says.
    pub fn effect(&self) -> Effect {
        Effect::of(self.status)
    }
}

/// Something that was done to the stack, for whoever reads the history: a fault, a kill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Microseconds since the history began.
    pub at_us: u64,
    /// What.
    pub text: String,
}

/// All that was asked in a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// Milliseconds since 1970 when it began.
    pub began_at_ms: u64,
    /// In the order in which they began.
    pub calls: Vec<CallRecord>,
    /// In their order.
    pub notes: Vec<Note>,
}

impl History {
    /// One JSON line for each call and note, by time.
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

/// Writes the history of a run; shared by all its clients.
#[derive(Debug, Clone)]
pub struct Recorder {
    began: Instant,
    history: Arc<Mutex<History>>,
}

/// A call whose answer is awaited.
#[derive(Debug)]
#[must_use]
pub struct PendingCall(usize);

impl Recorder {
    /// A history that begins now.
    pub fn begin() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began_at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let history = History { began_at_ms, ..History::default() };
        Self { began: Instant::now(), history: Arc::new(Mutex::new(history)) }
    }

    /// Writes a call down before it is sent: if its client dies meanwhile, it is one whose answer was lost.
    pub fn record_call(&self, call: CallRecord) -> PendingCall {
        let mut history = self.lock();
        let seq = history.calls.len();
        let began_us = self.now_us();
        history.calls.push(CallRecord { seq, began_us, ended_us: None, status: None, answer: Value::Null, ..call });
        PendingCall(seq)
    }

    /// Writes its answer down.
    pub fn record_response(&self, pending: &PendingCall, status: u16, answer: Value) {
        let now = self.now_us();
        if let Some(call) = self.lock().calls.get_mut(pending.0) {
            (call.ended_us, call.status, call.answer) = (Some(now), Some(status), answer);
        }
    }

    /// Writes down what was done to the stack.
    pub fn note(&self, text: impl Into<String>) {
        let at_us = self.now_us();
        self.lock().notes.push(Note { at_us, text: text.into() });
    }

    /// The history so far.
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
    /// A call that is about to be made; the recorder adds the rest.
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
    fn a_call_that_is_never_answered_stays_open() {
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
    fn only_an_answer_of_the_shop_itself_decides() {
        let effect_of = |status| CallRecord { status, ..call("/x") }.effect();
        assert_eq!((effect_of(Some(201)), effect_of(Some(409))), (Effect::Applied, Effect::Rejected));
        assert_eq!(
            (effect_of(Some(503)), effect_of(Some(302)), effect_of(None)),
            (Effect::Unknown, Effect::Unknown, Effect::Unknown)
        );
    }

    #[test]
    fn the_file_has_a_line_for_everything_by_time() {
        // What happens within one microsecond has no order in the file.
        let wait_a_microsecond = || {
            let begun = std::time::Instant::now();
            while begun.elapsed() < std::time::Duration::from_micros(2) {}
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
            .expect("it is there")
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect();
        std::fs::remove_file(&path).expect("it can go");
        assert_eq!(lines.len(), 4);
        assert!(lines[0]["began_at_ms"].is_u64());
        assert_eq!((&lines[1]["call"]["path"], &lines[3]["call"]["path"]), (&json!("/first"), &json!("/second")));
        assert_eq!(lines[2]["note"]["text"], "the database is gone");
    }
}
