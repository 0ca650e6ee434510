//! How far an export has come: what its row keeps between two slices.

use aws_kit::MultipartState;
use serde::{Deserialize, Serialize};
use values::{OrderId, Position};

use crate::document::Document;

/// What is written next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    /// The account itself.
    #[default]
    Account,
    /// What else lies in its partition, from behind that place.
    Rows(Option<Position>),
    /// Its orders, of those before this one.
    Orders(Option<OrderId>),
    /// Their payments.
    Payments(Option<OrderId>),
    /// What it received, and its reviews.
    Reviews(Option<Position>),
    /// Its cart.
    Cart,
    /// Nothing: the document is whole.
    Ended,
}

/// A checkpoint.
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
    fn a_checkpoint_reads_back_at_every_stage() {
        let place = Position([("pk".to_owned(), "USER#usr_x".to_owned())].into());
        let order = Clock::System.mint();
        let stages = [
            Stage::Account,
            Stage::Rows(None),
            Stage::Rows(Some(place.clone())),
            Stage::Orders(None),
            Stage::Orders(Some(order)),
            Stage::Payments(Some(order)),
            Stage::Reviews(Some(place)),
            Stage::Cart,
            Stage::Ended,
        ];
        for stage in stages {
            let progress = Progress { stage, ..Progress::default() };
            let kept = serde_json::to_string(&progress).unwrap();
            assert_eq!(serde_json::from_str::<Progress>(&kept).unwrap(), progress, "{kept}");
        }
    }
}
