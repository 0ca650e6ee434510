//! The one way to change rows under concurrency: read, decide, write on the condition that nothing changed since the read, and
//! decide again when something did.
//!
//! A keyed request (`Idempotency-Key`) stores its response in the same transaction. A repetition gets that response, also when
//! the first answer was lost or when its own effect makes the repetition impossible.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Clock, Error, Kind, Result};

use crate::idempotency::StoredResponse;
use crate::retry::{BUDGET, Backoff};
use crate::shards::NotedShards;
use crate::transaction::{OnConflict, TOO_MANY_CONCURRENT_UPDATES};
use crate::{CommitError, ConditionFailures, Idempotency, Idempotent, Table, Transaction, fault};

/// Tells whether a failed condition is an answer to the caller (an error), or a concurrent update (none).
type Refusal<'a> = Box<dyn FnOnce(&ConditionFailures) -> Result<Option<Error>> + Send + 'a>;

/// What was decided from the rows that were read.
pub enum Decision<'a, T> {
    /// Nothing needs to be written; this is the answer.
    Unchanged(T),
    /// These writes are to be committed.
    Commit(Changes<'a, T>),
}

/// Writes, and the answer once they are committed.
pub struct Changes<'a, T> {
    writes: Transaction,
    answer: T,
    refusal: Option<Refusal<'a>>,
    on_conflict: OnConflict,
}

impl<'a, T> Changes<'a, T> {
    /// Writes whose conditions fail only when a concurrent update was faster.
    pub fn new(writes: impl Into<Transaction>, answer: T) -> Self {
        Self { writes: writes.into(), answer, refusal: None, on_conflict: OnConflict::Resend }
    }

    /// For writes with conditions that can fail for good, such as too little stock: `refusal` gets the failed conditions and
    /// returns the error for the caller, or none if a concurrent update was faster and the decision is to be made again.
    #[must_use]
    pub fn or_refuse(self, refusal: impl FnOnce(&ConditionFailures) -> Result<Option<Error>> + Send + 'a) -> Self {
        Self { refusal: Some(Box::new(refusal)), ..self }
    }

    /// For writes that could go to other rows: if the transaction meets another one, the decision is made again after a pause. It then gets
    /// failures without a condition ([`ConditionFailures::is_conflict`]). The next attempt is another transaction with a token of its own,
    /// which is safe because a cancelled one has written nothing.
    #[must_use]
    pub fn elsewhere_on_conflict(self) -> Self {
        Self { on_conflict: OnConflict::Return, ..self }
    }
}

impl<'a, T> From<Changes<'a, T>> for Decision<'a, T> {
    fn from(changes: Changes<'a, T>) -> Self {
        Self::Commit(changes)
    }
}

/// An optimistic write of one table's context. Cheap to build, used once for each request or message.
#[derive(Debug)]
pub struct OptimisticWrite<'a> {
    table: &'a Table,
    clock: &'a Clock,
    kind: Kind,
    budget: Duration,
    fault_points: [&'static str; 2],
    shards: Option<&'a NotedShards>,
}

enum Outcome<T> {
    Fresh(T),
    Replayed(StoredResponse),
}

impl<'a> OptimisticWrite<'a> {
    /// `table` holds the stored responses of keyed requests. When every attempt meets a concurrent update, the error is 409
    /// `too_many_concurrent_updates`.
    pub fn new(table: &'a Table, clock: &'a Clock) -> Self {
        Self { table, clock, kind: Kind::Conflict, budget: BUDGET, fault_points: ["", ""], shards: None }
    }

    /// The error is 503 `too_many_concurrent_updates` instead, so that a worker's message comes again.
    #[must_use]
    pub fn unavailable_when_contended(self) -> Self {
        Self { kind: Kind::Unavailable(2), ..self }
    }

    /// Labels of the fault points before and after each commit, for the proof.
    #[must_use]
    pub fn fault_points(self, before: &'static str, after: &'static str) -> Self {
        Self { fault_points: [before, after], ..self }
    }

    /// For rows in shards of this setting: it is noted in the table before the first attempt.
    #[must_use]
    pub fn noting(self, shards: &'a NotedShards) -> Self {
        Self { shards: Some(shards), ..self }
    }

    /// Changes rows without an idempotency key.
    ///
    /// `decide` reads, decides and returns the writes. It is called again after each concurrent update, within a retry budget of
    /// 4 seconds with jitter, which does not count its own time. It then gets the conditions that failed, whose rows may save it a
    /// read. Its errors end the attempts.
    pub async fn run<T, F, Fut>(&self, decide: F) -> Result<T>
    where
        F: FnMut(Option<ConditionFailures>) -> Fut,
        Fut: Future<Output = Result<Decision<'a, T>>>,
    {
        match self.attempts(None, |_| Ok(String::new()), decide).await? {
            Outcome::Fresh(answer) => Ok(answer),
            Outcome::Replayed(_) => Err(Error::internal("a request without a key has a stored response")),
        }
    }

    /// The same for a request that may have an idempotency key. Then the answer is stored with the effect for 24 hours, and a
    /// repetition gets it again. 422 `idempotency_mismatch` when the key was used with another body. 1 read more, only when an
    /// error ends the attempts: it may be the effect of this same request.
    pub async fn run_idempotent<T, F, Fut>(&self, idempotency: Option<&Idempotency>, decide: F) -> Result<Idempotent<T>>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(Option<ConditionFailures>) -> Fut,
        Fut: Future<Output = Result<Decision<'a, T>>>,
    {
        let outcome = self.attempts(idempotency, encode, decide).await;
        let Some(idempotency) = idempotency else {
            return match outcome? {
                Outcome::Fresh(answer) => Ok(Idempotent::Fresh(answer)),
                Outcome::Replayed(_) => Err(Error::internal("a request without a key has a stored response")),
            };
        };
        match outcome {
            Ok(Outcome::Fresh(answer)) => Ok(Idempotent::Fresh(answer)),
            Ok(Outcome::Replayed(stored)) => idempotency.response(&stored).map(Idempotent::Replayed),
            Err(error) => {
                let stored = idempotency.stored_response_or(self.table, self.clock.now(), error).await?;
                idempotency.response(&stored).map(Idempotent::Replayed)
            }
        }
    }

    async fn attempts<T, F, Fut>(
        &self,
        idempotency: Option<&Idempotency>,
        encode: fn(&T) -> Result<String>,
        mut decide: F,
    ) -> Result<Outcome<T>>
    where
        F: FnMut(Option<ConditionFailures>) -> Fut,
        Fut: Future<Output = Result<Decision<'a, T>>>,
    {
        if let Some(shards) = self.shards {
            shards.note(self.table).await;
        }
        let (mut backoff, mut failures, mut is_immediate) = (Backoff::within(self.budget), None, false);
        loop {
            // The budget is for commits and pauses: a decision may call a provider that takes seconds.
            let started = Instant::now();
            let decision = decide(failures.take()).await?;
            backoff.extend(started.elapsed());
            let Changes { writes, answer, refusal, on_conflict } = match decision {
                Decision::Unchanged(answer) => return Ok(Outcome::Fresh(answer)),
                Decision::Commit(changes) => changes,
            };
            let response =
                idempotency.map(|idempotency| Ok::<_, Error>((idempotency, encode(&answer)?))).transpose()?;
            match self.commit(writes, on_conflict, response, &mut backoff).await? {
                Committed::Done => return Ok(Outcome::Fresh(answer)),
                Committed::Before(stored) => return Ok(Outcome::Replayed(stored)),
                Committed::ConditionFailed(failed) => {
                    let refusal = refusal.filter(|_| !failed.is_conflict());
                    if let Some(error) = refusal.map_or(Ok(None), |refusal| refusal(&failed))? {
                        return Err(error);
                    }
                    // Every second retry is made at once, from the row that has just won: after a pause it may be old again.
                    is_immediate = !is_immediate && failed.have_row();
                    if !is_immediate && !backoff.wait().await {
                        let detail = "There are too many concurrent updates. Try again.";
                        return Err(Error::new(self.kind, TOO_MANY_CONCURRENT_UPDATES, detail));
                    }
                    failures = Some(failed);
                }
            }
        }
    }

    async fn commit(
        &self,
        mut writes: Transaction,
        on_conflict: OnConflict,
        response: Option<(&Idempotency, String)>,
        backoff: &mut Backoff,
    ) -> Result<Committed> {
        let stored = match response {
            Some((idempotency, response)) => {
                Some(writes.add(idempotency.store(self.table, response, self.clock.now())?))
            }
            None => None,
        };
        fault::point(self.fault_points[0]);
        let committed = match writes.into_single_put() {
            Ok(put) => match put.run_within(backoff).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(failure)) => Err(CommitError::ConditionFailed(ConditionFailures::single(failure))),
                Err(error) => Err(CommitError::Failed(error)),
            },
            Err(transaction) => transaction.commit_within(backoff, on_conflict).await,
        };
        fault::point(self.fault_points[1]);
        match committed {
            Ok(()) => Ok(Committed::Done),
            Err(CommitError::Failed(error)) => Err(error),
            Err(CommitError::ConditionFailed(failures)) => match stored.and_then(|slot| failures.of(slot)) {
                Some(failure) => Ok(Committed::Before(StoredResponse::of(failure)?)),
                None => Ok(Committed::ConditionFailed(failures)),
            },
        }
    }
}

enum Committed {
    Done,
    /// An earlier request with the same key was committed before.
    Before(StoredResponse),
    ConditionFailed(ConditionFailures),
}

fn encode<T: Serialize>(answer: &T) -> Result<String> {
    serde_json::to_string(answer).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted_table::scripted_table as table;
    use crate::{Key, Write};
    use serde_json::{Value, json};
    use values::Timestamp;

    fn clock() -> Clock {
        Clock::fixed(Timestamp::from_millis(1_764_000_000_000))
    }

    fn done() -> (u16, Value) {
        (200, json!({}))
    }

    /// The condition of a single put fails on a row whose `stock` is that.
    fn put_failed(stock: u32) -> (u16, Value) {
        let item = json!({ "stock": { "N": stock.to_string() } });
        (400, json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "Item": item }))
    }

    /// A transaction of two writes is cancelled because of the second.
    fn second_failed(item: &Value) -> (u16, Value) {
        cancelled(&json!({ "Code": "ConditionalCheckFailed", "Item": item }))
    }

    fn cancelled(second: &Value) -> (u16, Value) {
        let reasons = json!([{ "Code": "None" }, second]);
        let name = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        (400, json!({ "__type": name, "CancellationReasons": reasons }))
    }

    fn stored(request: &Idempotency, answer: &str) -> Value {
        let row = request.row(answer.to_owned(), clock().now());
        let row = serde_json::to_value(row).unwrap();
        let attribute = |value: &Value| match value {
            Value::Number(number) => json!({ "N": number.to_string() }),
            text => json!({ "S": text }),
        };
        row.as_object().unwrap().iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
    }

    fn put(table: &Table, stock: u32) -> Transaction {
        let row = Write::put(table, Key::new("MUG", "MUG"), &json!({ "stock": stock })).unwrap();
        vec![row.when("version = :v").value(":v", 1).unwrap()].into()
    }

    fn request() -> Idempotency {
        Idempotency::new("ada", "POST /mugs", "key-1", &"a mug").unwrap()
    }

    #[derive(serde::Deserialize)]
    struct Row {
        stock: u32,
    }

    #[tokio::test]
    async fn decision_is_made_again_from_the_row_that_won() {
        let ((table, calls), clock) = (table(vec![put_failed(7), done()]), clock());
        let write = OptimisticWrite::new(&table, &clock);
        let stock = write.run(|failed: Option<ConditionFailures>| {
            let table = &table;
            async move {
                let row = failed.and_then(|failed| failed.first()?.row::<Row>().transpose()).transpose()?;
                let stock = row.map_or(1, |row| row.stock + 1);
                Ok(Changes::new(put(table, stock), stock).into())
            }
        });
        assert_eq!(stock.await.unwrap(), 8);
        assert_eq!(*calls.lock().unwrap(), ["putitem", "putitem"], "a single put is no transaction");
    }

    #[tokio::test]
    async fn refusal_ends_the_attempts() {
        let ((table, calls), clock) = (table(vec![put_failed(0)]), clock());
        let write = OptimisticWrite::new(&table, &clock);
        let sold_out = |_: &ConditionFailures| Ok(Some(Error::conflict("insufficient_stock", "It is sold out.")));
        let table = &table;
        let error = write.run(|_| async move { Ok(Changes::new(put(table, 1), ()).or_refuse(sold_out).into()) });
        assert_eq!(error.await.unwrap_err().code, "insufficient_stock");
        assert_eq!(calls.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn conflict_is_repeated_or_decided_again() {
        for (is_elsewhere, decisions) in [(false, vec![false]), (true, vec![false, true])] {
            let conflict = cancelled(&json!({ "Code": "TransactionConflict" }));
            let ((table, calls), clock) = (table(vec![conflict, done()]), clock());
            let write = OptimisticWrite::new(&table, &clock);
            let mut conflicts = Vec::new();
            let decide = |failed: Option<ConditionFailures>| {
                conflicts.push(failed.is_some_and(|failed| failed.is_conflict()));
                let mut two = put(&table, 1);
                two.add(Write::delete(&table, Key::new("BOWL", "BOWL")));
                let changes = Changes::new(two, ());
                let changes = if is_elsewhere { changes.elsewhere_on_conflict() } else { changes };
                std::future::ready(Ok(changes.into()))
            };
            write.run(decide).await.unwrap();
            assert_eq!((conflicts, calls.lock().unwrap().len()), (decisions, 2));
        }
    }

    #[tokio::test]
    async fn too_many_concurrent_updates_end_in_an_error_of_their_own() {
        for (outage, kind) in [(false, Kind::Conflict), (true, Kind::Unavailable(2))] {
            let ((table, _), clock) = (table(vec![put_failed(7); 100]), clock());
            let write = OptimisticWrite { budget: Duration::from_millis(40), ..OptimisticWrite::new(&table, &clock) };
            let write = if outage { write.unavailable_when_contended() } else { write };
            let table = &table;
            let decide = |_| async move { Ok(Changes::new(put(table, 1), ()).into()) };
            let error = write.run(decide).await.unwrap_err();
            assert_eq!((error.code, error.kind), (TOO_MANY_CONCURRENT_UPDATES, kind));
        }
    }

    #[tokio::test]
    async fn repetition_gets_the_response_that_its_condition_failed_on() {
        let request = request();
        let ((table, calls), clock) = (table(vec![second_failed(&stored(&request, "\"first\""))]), clock());
        let write = OptimisticWrite::new(&table, &clock);
        let answer = write
            .run_idempotent(Some(&request), async |_| Ok(Changes::new(put(&table, 1), "second".to_owned()).into()));
        let Idempotent::Replayed(answer) = answer.await.unwrap() else { panic!("it is a repetition") };
        assert_eq!(answer, "first");
        assert_eq!(*calls.lock().unwrap(), ["transactwriteitems"], "without another read");
    }

    #[tokio::test]
    async fn repetition_that_its_own_effect_makes_impossible_gets_the_stored_response() {
        let request = request();
        let item = json!({ "Item": stored(&request, "\"first\"") });
        let ((table, _), clock) = (table(vec![(200, item)]), clock());
        let write = OptimisticWrite::new(&table, &clock);
        let answer: Idempotent<String> =
            write.run_idempotent(Some(&request), |_| async { Err(Error::not_found("cart")) }).await.unwrap();
        assert_eq!(answer.into_inner(), "first");
    }

    #[tokio::test]
    async fn shards_are_noted_before_the_first_decision() {
        let ((table, calls), clock) = (table(vec![done(), done()]), clock());
        let shards = NotedShards::new("16".parse().unwrap());
        let write = OptimisticWrite::new(&table, &clock).noting(&shards);
        let noted = write.run(|_| {
            let (table, shards) = (&table, &shards);
            async move { Ok(Changes::new(put(table, 1), shards.noted()).into()) }
        });
        assert_eq!(noted.await.unwrap(), 16);
        assert_eq!(*calls.lock().unwrap(), ["putitem", "putitem"]);
    }

    #[tokio::test]
    async fn unchanged_answers_without_a_write() {
        let ((table, calls), clock) = (table(Vec::new()), clock());
        let write = OptimisticWrite::new(&table, &clock);
        assert_eq!(write.run(|_| async { Ok(Decision::Unchanged(4)) }).await.unwrap(), 4);
        assert!(calls.lock().unwrap().is_empty());
    }
}
