//! One conditional write: alone, or as a part of a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Error, Result};

use crate::retry::Backoff;
use crate::table::{Item, Key, Table, outage, parse};

/// The attribute that tells one write of a row from another one.
const MARK: &str = "mark";

/// What a write does to its row.
#[derive(Debug, Clone)]
enum Op {
    Put(Item),
    Update(Key, String),
    Delete(Key),
    Check(Key),
}

/// A write with its condition. A store builds it; it runs alone or as a part of a [`crate::Transaction`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Write {
    pub(crate) table: Table,
    op: Op,
    condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

/// A condition failed. It holds the row as it was then, if there was one.
#[derive(Debug, Clone)]
pub struct ConditionFailure(pub(crate) Option<Item>);

impl ConditionFailure {
    fn mark(&self) -> Option<&AttributeValue> {
        self.0.as_ref()?.get(MARK)
    }

    /// The row that the condition failed on.
    pub fn row<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.0.clone().map(parse).transpose()
    }
}

impl Write {
    fn new(table: &Table, op: Op) -> Self {
        Self { table: table.clone(), op, condition: None, names: HashMap::new(), values: HashMap::new() }
    }

    /// Writes the whole row: `body` under `key`.
    pub fn put(table: &Table, key: Key, body: &impl Serialize) -> Result<Self> {
        let mut item: Item = serde_dynamo::to_item(body).map_err(Error::internal)?;
        item.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
        item.extend(key.attributes());
        Ok(Self::new(table, Op::Put(item)))
    }

    /// Writes a row that must not exist yet.
    pub fn create(table: &Table, key: Key, body: &impl Serialize) -> Result<Self> {
        Ok(Self::put(table, key, body)?.when("attribute_not_exists(pk)"))
    }

    /// Changes a row by an update expression.
    pub fn update(table: &Table, key: Key, expression: impl Into<String>) -> Self {
        Self::new(table, Op::Update(key, expression.into()))
    }

    /// Removes a row.
    pub fn delete(table: &Table, key: Key) -> Self {
        Self::new(table, Op::Delete(key))
    }

    /// Changes nothing: its condition must hold for the transaction to commit.
    pub fn check(table: &Table, key: Key) -> Self {
        Self::new(table, Op::Check(key))
    }

    /// Sets the condition.
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// Binds `#name` of an expression.
    pub fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.names.insert(placeholder.to_owned(), attribute.to_owned());
        self
    }

    /// Binds `:value` of an expression.
    pub fn value(mut self, placeholder: &str, value: impl Serialize) -> Result<Self> {
        let value = serde_dynamo::to_attribute_value(value).map_err(Error::internal)?;
        self.values.insert(placeholder.to_owned(), value);
        Ok(self)
    }

    /// Binds `:value` of an expression to a set of strings. It must not be empty.
    pub fn string_set(self, placeholder: &str, values: impl Serialize) -> Result<Self> {
        self.value(placeholder, serde_dynamo::string_set::StringSet(values))
    }

    /// Adds an attribute beside the body of a put, such as the key of an index.
    pub fn attribute(mut self, name: &str, value: impl Serialize) -> Result<Self> {
        let value = serde_dynamo::to_attribute_value(value).map_err(Error::internal)?;
        if let Op::Put(item) = &mut self.op {
            item.insert(name.to_owned(), value);
        }
        Ok(self)
    }

    /// Leaves out an attribute of a put, such as the key of an index.
    pub fn without(mut self, name: &str) -> Self {
        if let Op::Put(item) = &mut self.op {
            item.remove(name);
        }
        self
    }

    /// Runs this write alone. `Ok(Err(_))` means that the condition failed.
    pub async fn run(self) -> Result<Result<(), ConditionFailure>> {
        self.run_within(&mut Backoff::start()).await
    }

    /// Runs this write alone, within a retry budget that the caller shares with its other attempts.
    pub(crate) async fn run_within(self, backoff: &mut Backoff) -> Result<Result<(), ConditionFailure>> {
        // An update answers with the row only on request: a role may allow the update of an attribute, but not that answer.
        Ok(self.attempt_within(backoff, ReturnValue::None).await?.map(|_| ()))
    }

    async fn attempt_within(
        mut self,
        backoff: &mut Backoff,
        returned: ReturnValue,
    ) -> Result<Result<Item, ConditionFailure>> {
        let mark = self.set_mark();
        loop {
            match self.clone().attempt(returned.clone()).await {
                SendOutcome::Done(item) => return Ok(Ok(item)),
                SendOutcome::ConditionFailed(failure) if mark.is_some() && failure.mark() == mark.as_ref() => {
                    return Ok(Ok(Item::new()));
                }
                SendOutcome::ConditionFailed(failure) => return Ok(Err(failure)),
                SendOutcome::Contended(error) if !backoff.wait().await => return Err(error),
                SendOutcome::Contended(_) => {}
                SendOutcome::Failed(error) => return Err(error),
            }
        }
    }

    /// Runs this update alone and returns the row as it left it, parsed.
    pub async fn run_reading<T: DeserializeOwned>(self) -> Result<Result<T, ConditionFailure>> {
        match self.attempt_within(&mut Backoff::start(), ReturnValue::AllNew).await? {
            Ok(row) => Ok(Ok(parse(row)?)),
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// Marks the row of a conditional put. The SDK repeats a put whose answer was lost; then its condition fails on the row
    /// that it has written itself, and the mark tells so.
    fn set_mark(&mut self) -> Option<AttributeValue> {
        let (Op::Put(item), Some(_)) = (&mut self.op, &self.condition) else { return None };
        let mark = AttributeValue::S(format!("{:016x}", fastrand::u64(..)));
        item.insert(MARK.to_owned(), mark.clone());
        Some(mark)
    }

    pub(crate) fn is_put(&self) -> bool {
        matches!(self.op, Op::Put(_))
    }

    /// `returned`: what an update answers with.
    async fn attempt(self, returned: ReturnValue) -> SendOutcome {
        let Self { table, op, condition, names, values } = self;
        let (names, values) = (some(names), some(values));
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let client = &table.client;
        match op {
            Op::Put(item) => {
                let put =
                    client.put_item().table_name(table.name).set_item(Some(item)).set_condition_expression(condition);
                let put = put.set_expression_attribute_names(names).set_expression_attribute_values(values);
                outcome(put.return_values_on_condition_check_failure(old).send().await.map(|_| Item::new()))
            }
            Op::Update(key, expression) => {
                let update = client.update_item().table_name(table.name).set_key(Some(key.attributes()));
                let update = update.update_expression(expression).set_condition_expression(condition);
                let update = update.set_expression_attribute_names(names).set_expression_attribute_values(values);
                let update = update.return_values(returned).return_values_on_condition_check_failure(old);
                outcome(update.send().await.map(|answer| answer.attributes.unwrap_or_default()))
            }
            Op::Delete(key) => {
                let delete = client.delete_item().table_name(table.name).set_key(Some(key.attributes()));
                let delete = delete.set_condition_expression(condition).return_values_on_condition_check_failure(old);
                let delete = delete.set_expression_attribute_names(names).set_expression_attribute_values(values);
                outcome(delete.send().await.map(|_| Item::new()))
            }
            Op::Check(_) => SendOutcome::Failed(Error::internal("a condition check runs in a transaction only")),
        }
    }

    pub(crate) fn into_action(self) -> Result<TransactWriteItem> {
        let Self { table, op, condition, names, values } = self;
        let (table, names, values) = (table.name, some(names), some(values));
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let action = TransactWriteItem::builder();
        Ok(match op {
            Op::Put(item) => {
                let put = Put::builder().table_name(table).set_item(Some(item)).set_condition_expression(condition);
                let put = put.set_expression_attribute_names(names).set_expression_attribute_values(values);
                action.put(put.return_values_on_condition_check_failure(old).build().map_err(Error::internal)?).build()
            }
            Op::Update(key, expression) => {
                let update = Update::builder().table_name(table).set_key(Some(key.attributes()));
                let update = update.update_expression(expression).set_condition_expression(condition);
                let update = update.set_expression_attribute_names(names).set_expression_attribute_values(values);
                action
                    .update(update.return_values_on_condition_check_failure(old).build().map_err(Error::internal)?)
                    .build()
            }
            Op::Delete(key) => {
                let delete = Delete::builder().table_name(table).set_key(Some(key.attributes()));
                let delete = delete.set_condition_expression(condition).set_expression_attribute_names(names);
                let delete =
                    delete.set_expression_attribute_values(values).return_values_on_condition_check_failure(old);
                action.delete(delete.build().map_err(Error::internal)?).build()
            }
            Op::Check(key) => {
                let check = ConditionCheck::builder().table_name(table).set_key(Some(key.attributes()));
                let check = check.set_condition_expression(condition).set_expression_attribute_names(names);
                let check = check.set_expression_attribute_values(values).return_values_on_condition_check_failure(old);
                action.condition_check(check.build().map_err(Error::internal)?).build()
            }
        })
    }
}

enum SendOutcome {
    Done(Item),
    ConditionFailed(ConditionFailure),
    Contended(Error),
    Failed(Error),
}

/// The error types of the three single-row writes differ only in their names.
trait SingleWriteError: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static {
    fn condition_failure(&self) -> Option<Option<Item>>;
    fn is_conflict(&self) -> bool;
}

macro_rules! single_write_errors {
    ($($error:path),*) => {$(
        impl SingleWriteError for $error {
            fn condition_failure(&self) -> Option<Option<Item>> {
                match self {
                    Self::ConditionalCheckFailedException(failed) => Some(failed.item().cloned()),
                    _ => None,
                }
            }
            fn is_conflict(&self) -> bool {
                self.is_transaction_conflict_exception()
            }
        }
    )*};
}

single_write_errors!(
    aws_sdk_dynamodb::operation::put_item::PutItemError,
    aws_sdk_dynamodb::operation::update_item::UpdateItemError,
    aws_sdk_dynamodb::operation::delete_item::DeleteItemError
);

fn outcome<E: SingleWriteError, R: std::fmt::Debug + Send + Sync + 'static>(
    answer: Result<Item, SdkError<E, R>>,
) -> SendOutcome {
    match answer {
        Ok(item) => SendOutcome::Done(item),
        Err(error) => match error.as_service_error() {
            Some(inner) if inner.condition_failure().is_some() => {
                SendOutcome::ConditionFailed(ConditionFailure(inner.condition_failure().flatten()))
            }
            Some(inner) if inner.is_conflict() => SendOutcome::Contended(outage(error)),
            _ => SendOutcome::Failed(outage(error)),
        },
    }
}

fn some<V>(map: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!map.is_empty()).then_some(map)
}
