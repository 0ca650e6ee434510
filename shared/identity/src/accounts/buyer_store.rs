//! The rows of an account's customer group and tax status.

use aws_kit::{Transaction, Write};
use serde::Serialize;
use values::{Actor, Result, Timestamp};

use crate::accounts::account::Account;
use crate::accounts::buyer::Buyer;
use crate::accounts::customer_group::CustomerGroup;
use crate::accounts::tax_status::TaxStatus;
use crate::accounts::user_lists::history_key;
use crate::store::{Store, account_key};

/// A line of an account's history: who changed its customer group or its tax status, and when.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BuyerHistoryRow<'a> {
    at: Timestamp,
    actor: &'a Actor,
    group: Option<&'a CustomerGroup>,
    tax_status: &'a TaxStatus,
}

impl Store {
    /// Changes the customer group and the tax status of an account that is still at its version, with a line of its history.
    pub(crate) fn set_buyer(
        &self,
        before: &Account,
        next: &Buyer,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Transaction> {
        let Buyer { group, tax_status } = next;
        let group_change = if group.is_some() { ", #group = :group" } else { " REMOVE #group" };
        let change = format!("SET taxStatus = :tax, version = version + :one, updatedAt = :now{group_change}");
        let mut account = Write::update(&self.table, account_key(before.user_id), change)
            .when("version = :version")
            .name("#group", "group")
            .value(":tax", tax_status)?
            .value(":one", 1)?
            .value(":now", now)?
            .value(":version", before.version)?;
        if let Some(group) = group {
            account = account.value(":group", group)?;
        }
        let line = BuyerHistoryRow { at: now, actor, group: group.as_ref(), tax_status };
        let mut transaction = Transaction::new();
        transaction.add(account);
        transaction.add(Write::create(&self.table, history_key(before.user_id, before.version + 1), &line)?);
        Ok(transaction)
    }
}
