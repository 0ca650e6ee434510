//! The checkpoint of an export, which its row stores between two messages.

use aws_kit::MultipartState;
use serde::{Deserialize, Serialize};
use values::{OrderId, Position};

use crate::document::Document;

/// The part of the document that is written next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    /// The account with its person and preferences.
    #[default]
    Account,
    /// The other rows of the account's partition, after this position.
    Rows(Option<Position>),
    /// The orders before this one, newest first.
    Orders(Option<OrderId>),
    /// The payments of the orders before this one.
    Payments(Option<OrderId>),
    /// The receipts and reviews, after this position.
    Reviews(Option<Position>),
    Cart,
    /// Nothing: the document is complete.
    #[serde(rename = "ended")]
    Complete,
}

/// The stage, the position in the document, and the state of the upload.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) stage: Stage,
    pub(crate) document: Document,
    pub(crate) file: MultipartState,
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn checkpoint_reads_back_at_every_stage() {
        let position = Position([("pk".to_owned(), "USER#usr_x".to_owned())].into());
        let order = Clock::System.mint();
        let stages = [
            Stage::Account,
            Stage::Rows(None),
            Stage::Rows(Some(position.clone())),
            Stage::Orders(None),
            Stage::Orders(Some(order)),
            Stage::Payments(Some(order)),
            Stage::Reviews(Some(position)),
            Stage::Cart,
            Stage::Complete,
        ];
        for stage in stages {
            let progress = Progress { stage, ..Progress::default() };
            let stored = serde_json::to_string(&progress).unwrap();
            assert_eq!(serde_json::from_str::<Progress>(&stored).unwrap(), progress, "{stored}");
        }
    }

    #[test]
    fn stored_names_of_stages_do_not_change() {
        let stages = [(Stage::Account, "account"), (Stage::Cart, "cart"), (Stage::Complete, "ended")];
        for (stage, name) in stages {
            assert_eq!(serde_json::to_value(stage).unwrap(), name);
        }
    }
}
