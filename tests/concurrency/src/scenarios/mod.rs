//! Scenarios: what clients do, and which faults are injected meanwhile. Scenarios assert nothing; the checks run afterwards. Each
//! scenario creates its own products and buyers, so that scenarios without faults can be played side by side.

mod all_faults;
mod buckets;
mod cancels;
mod devices;
mod duplicate_requests;
mod flash_sale;
mod forged_events;
mod kills;
mod long_holds;
mod messages;
mod outages;
mod packing;
mod prices;
mod races;
mod rate_limit;
mod refunds;
mod sku_spellings;
mod stock;
mod streams;
mod workload;

use crate::run::Run;

/// A scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Many buyers order the last pieces of one SKU.
    OneSku,
    /// Orders name one SKU in several lines.
    SeveralLines,
    /// Two devices share a cart, and one of them orders it.
    TwoDevices,
    /// Two devices merge the same guest's cart at the same time.
    CartMerges,
    /// Three devices send the same request at the same time, and two of them do not wait for the response.
    DuplicateRequests,
    /// Prices change while buyers order.
    Prices,
    /// The stock of a SKU is divided into buckets, and sold out.
    Buckets,
    /// Cancellation, payment, authentication, webhook and the end of the hold happen at the same time.
    Races,
    /// An admin packs orders while their payments are captured.
    Packing,
    /// Orders are cancelled in every status, also while an admin processes them.
    Cancels,
    /// Fifty refunds of one payment are requested at the same time.
    Refunds,
    /// A compromised function forges events of other contexts.
    ForgedEvents,
    /// A customer sends more requests than the rate limit allows, from many devices.
    RateLimit,
    /// Products with one SKU in different letter cases are created at the same time.
    SkuSpellings,
    /// Messages are duplicated, delayed and reordered.
    Messages,
    /// DynamoDB calls conflict, are throttled, fail or lose their responses.
    Database,
    /// DynamoDB is unreachable for ten seconds.
    DatabaseGone,
    /// The provider is slow, fails before or after the effect, and loses responses. Its webhooks are late.
    Provider,
    /// All functions lose their streams and the records in them.
    StreamsLost,
    /// Functions are killed at every fault point.
    Kills,
    /// A thousand buyers order a hundred pieces in buckets, while prices and buckets change and functions are killed.
    FlashSale,
    /// All kinds of faults, at random.
    AllFaults,
}

impl Scenario {
    /// The scenarios that inject no faults.
    pub const WITHOUT_FAULTS: [Self; 14] = [
        Self::OneSku,
        Self::SeveralLines,
        Self::TwoDevices,
        Self::CartMerges,
        Self::DuplicateRequests,
        Self::Prices,
        Self::Buckets,
        Self::Races,
        Self::Packing,
        Self::Cancels,
        Self::Refunds,
        Self::ForgedEvents,
        Self::RateLimit,
        Self::SkuSpellings,
    ];

    /// Plays the scenario. Work that it started may still be pending when this returns.
    pub async fn play(self, run: &Run) {
        run.recorder.note(format!("{self:?} starts"));
        match self {
            Self::OneSku => stock::many_buyers_of_one_sku(run).await,
            Self::SeveralLines => stock::one_sku_in_several_lines(run).await,
            Self::TwoDevices => devices::two_devices(run).await,
            Self::CartMerges => devices::cart_merges(run).await,
            Self::DuplicateRequests => duplicate_requests::play(run).await,
            Self::Prices => prices::play(run).await,
            Self::Buckets => buckets::play(run).await,
            Self::Races => races::play(run).await,
            Self::Packing => packing::play(run).await,
            Self::Cancels => cancels::play(run).await,
            Self::Refunds => refunds::play(run).await,
            Self::ForgedEvents => forged_events::play(run).await,
            Self::RateLimit => rate_limit::play(run).await,
            Self::SkuSpellings => sku_spellings::play(run).await,
            Self::Messages => messages::play(run).await,
            Self::Database => outages::database(run).await,
            Self::DatabaseGone => outages::database_gone(run).await,
            Self::Provider => outages::provider(run).await,
            Self::StreamsLost => streams::play(run).await,
            Self::Kills => kills::play(run).await,
            Self::FlashSale => flash_sale::play(run).await,
            Self::AllFaults => all_faults::play(run).await,
        }
        run.recorder.note(format!("{self:?} ends"));
    }
}
