//! What clients do to the shop, and what is done to the shop meanwhile. Nothing here asserts: the checks judge, at rest. Every
//! scenario makes its own products and people, so that those without faults can be played side by side.

mod all_faults;
mod cancels;
mod devices;
mod duplicate_requests;
mod kills;
mod messages;
mod outages;
mod prices;
mod races;
mod refunds;
mod relay;
mod stock;
mod workload;

use crate::run::Run;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Many want the last pieces of one SKU.
    OneSku,
    /// Orders name one SKU in several lines.
    SeveralLines,
    /// Two devices share a cart, and one of them checks out.
    TwoDevices,
    /// Guests' carts are merged, twice at once.
    CartMerges,
    /// The same request is sent three times at once, and its answers are not waited for.
    DuplicateRequests,
    /// Prices change while carts are on their way to the till.
    Prices,
    /// Cancel, pay, authenticate, webhook and the end of the hold meet.
    Races,
    /// Orders are cancelled in every state, while an admin packs them.
    Cancels,
    /// Fifty refunds of one payment at once.
    Refunds,
    /// Messages come twice, late and in any order.
    Messages,
    /// DynamoDB conflicts, throttles, breaks and loses answers.
    Database,
    /// DynamoDB is gone for ten seconds.
    DatabaseGone,
    /// The provider is slow, breaks before and after, and loses answers; its webhooks are late.
    Provider,
    /// The relay is off, and what its streams held is lost.
    RelayLost,
    /// Functions are killed at every labelled point.
    Kills,
    /// All faults at once, at random.
    AllFaults,
}

impl Scenario {
    /// Those that break nothing for anybody.
    pub const WITHOUT_FAULTS: [Self; 9] = [
        Self::OneSku,
        Self::SeveralLines,
        Self::TwoDevices,
        Self::CartMerges,
        Self::DuplicateRequests,
        Self::Prices,
        Self::Races,
        Self::Cancels,
        Self::Refunds,
    ];

    /// Plays it to its end; what it began may still be on its way then.
    pub async fn play(self, run: &Run) {
        run.recorder.note(format!("{self:?} begins"));
        match self {
            Self::OneSku => stock::many_buyers_of_one_sku(run).await,
            Self::SeveralLines => stock::one_sku_in_several_lines(run).await,
            Self::TwoDevices => devices::two_devices(run).await,
            Self::CartMerges => devices::cart_merges(run).await,
            Self::DuplicateRequests => duplicate_requests::play(run).await,
            Self::Prices => prices::play(run).await,
            Self::Races => races::play(run).await,
            Self::Cancels => cancels::play(run).await,
            Self::Refunds => refunds::play(run).await,
            Self::Messages => messages::play(run).await,
            Self::Database => outages::database(run).await,
            Self::DatabaseGone => outages::database_gone(run).await,
            Self::Provider => outages::provider(run).await,
            Self::RelayLost => relay::play(run).await,
            Self::Kills => kills::play(run).await,
            Self::AllFaults => all_faults::play(run).await,
        }
        run.recorder.note(format!("{self:?} ends"));
    }
}
