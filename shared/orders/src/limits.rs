//! What one buyer and one network may do before they pay: how many unpaid orders and pieces they may hold, how many declined
//! payments they may cause in an hour, and how many paid orders they may cancel in a day. Without the limits anyone could keep the
//! stock from others, test stolen cards, or cause fees.

use aws_kit::{DigestKey, Settings};
use events::Recipient;
use values::{Caller, Email, Error, Kind, Network, Permission, Result, Sku, Timestamp};

use crate::counters::{CounterRow, DIGEST_LENGTH, MAX_BLOCKS, UnpaidCounters, block_count};

pub(crate) const DAY_SECONDS: i64 = 24 * 3600;

const NETWORK_IS_FULL: &str =
    "There are too many unpaid orders from your network. Pay or cancel one, or try again in some minutes.";

/// The limits, and the key of the digests that name the counters. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OrderLimits {
    key: DigestKey,
    pub(crate) network: CounterLimits,
    pub(crate) buyer: CounterLimits,
    /// Unpaid pieces of one SKU.
    pub(crate) pieces_per_network: u32,
    /// Paid orders that their buyer cancels in a day.
    cancellations_per_account: u32,
    cancellations_per_network: u32,
}

/// A counter of cancellations: the digest that names it, and its limit.
#[derive(Debug)]
pub(crate) struct CancellationCounter {
    pub(crate) digest: String,
    pub(crate) limit: u32,
}

/// The limits of one counter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CounterLimits {
    /// Unpaid orders at once.
    pub(crate) orders: u32,
    /// Declined payments in an hour.
    pub(crate) declines: u32,
}

impl OrderLimits {
    /// Reads `SOUK_RATE_LIMIT_KEY` and the limits that the template sets.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            key: DigestKey::from_env()?,
            network: CounterLimits {
                orders: Settings.parsed("SOUK_UNPAID_ORDERS_NETWORK")?,
                declines: Settings.parsed("SOUK_DECLINES_NETWORK")?,
            },
            buyer: CounterLimits {
                orders: Settings.parsed("SOUK_UNPAID_ORDERS_ACCOUNT")?,
                declines: Settings.parsed("SOUK_DECLINES_ACCOUNT")?,
            },
            pieces_per_network: Settings.parsed("SOUK_UNPAID_PIECES_NETWORK")?,
            cancellations_per_account: Settings.parsed("SOUK_CANCELLATIONS_ACCOUNT")?,
            cancellations_per_network: Settings.parsed("SOUK_CANCELLATIONS_NETWORK")?,
        })
    }

    /// The counters of an order by this caller; none for callers who move orders, whose orders are not limited. `email` is that of
    /// a guest.
    pub(crate) fn counters(&self, caller: &Caller, email: Option<&Email>, network: &Network) -> Option<UnpaidCounters> {
        if caller.may(Permission::MoveOrders) {
            return None;
        }
        let buyer = match (caller.account(), email) {
            (Some(user), _) => self.digest(&[b"account", user.to_string().as_bytes()]),
            (None, Some(email)) => self.digest(&[b"email", email.as_str().as_bytes()]),
            (None, None) => return None,
        };
        Some(UnpaidCounters { network: self.digest(&[b"network", network.bytes()]), buyer })
    }

    /// The counters of cancellations by this buyer: of the network, and of the account if there is one.
    pub(crate) fn cancellation_counters(&self, buyer: Recipient, network: &Network) -> Vec<CancellationCounter> {
        let of_network = CancellationCounter {
            digest: self.digest(&[b"cancellations", b"network", network.bytes()]),
            limit: self.cancellations_per_network,
        };
        let of_account = match buyer {
            Recipient::User(user) => Some(CancellationCounter {
                digest: self.digest(&[b"cancellations", b"account", user.to_string().as_bytes()]),
                limit: self.cancellations_per_account,
            }),
            Recipient::Contact(_) => None,
        };
        std::iter::once(of_network).chain(of_account).collect()
    }

    fn digest(&self, parts: &[&[u8]]) -> String {
        self.key.short_digest(&[&[b"orders".as_slice()][..], parts].concat(), DIGEST_LENGTH)
    }

    /// Refuses pieces that no network may hold at once: of one SKU, or of all together.
    pub(crate) fn check_pieces(&self, lines: &[(&Sku, u32)]) -> Result<()> {
        match lines.iter().find(|(_, quantity)| *quantity > self.pieces_per_network) {
            Some((sku, _)) => Err(too_many_pieces(sku, self.pieces_per_network)),
            None if block_count(lines) > MAX_BLOCKS => Err(too_many_open_orders(NETWORK_IS_FULL)),
            None => Ok(()),
        }
    }

    /// Why an order is refused, by the counter of its buyer on which its condition failed; none if that changed meanwhile.
    pub(crate) fn buyer_refusal(&self, row: &CounterRow, now: Timestamp) -> Option<Error> {
        let detail = format!(
            "There are {} unpaid orders of this account or email address. Pay or cancel one, or wait until its hold ends.",
            row.order_count()
        );
        self.buyer.refusal(row, &detail, now)
    }

    /// The same by the counter of its network.
    pub(crate) fn network_refusal<'a>(
        &self,
        row: &CounterRow,
        lines: impl Iterator<Item = (&'a Sku, u32)>,
        now: Timestamp,
    ) -> Option<Error> {
        let lines: Vec<_> = lines.collect();
        let is_too_many = |(sku, quantity): &(&Sku, u32)| {
            row.piece_count(sku) as u64 + u64::from(*quantity) > u64::from(self.pieces_per_network)
        };
        let of_sku = || lines.iter().find(|line| is_too_many(line));
        self.network
            .refusal(row, NETWORK_IS_FULL, now)
            .or_else(|| of_sku().map(|(sku, _)| too_many_pieces(sku, self.pieces_per_network)))
            .or_else(|| (!row.has_room(block_count(&lines))).then(|| too_many_open_orders(NETWORK_IS_FULL)))
    }

    /// 429 `payment_blocked` if one of the rows has too many declines.
    pub(crate) fn check_declines(&self, network: &CounterRow, buyer: &CounterRow, now: Timestamp) -> Result<()> {
        match self.network.block(network, now).or_else(|| self.buyer.block(buyer, now)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl CounterLimits {
    fn refusal(self, row: &CounterRow, too_many_orders: &str, now: Timestamp) -> Option<Error> {
        let has_too_many = row.order_count() as u64 >= u64::from(self.orders);
        self.block(row, now).or_else(|| has_too_many.then(|| too_many_open_orders(too_many_orders)))
    }

    pub(crate) fn block(self, row: &CounterRow, now: Timestamp) -> Option<Error> {
        row.declines.reach(self.declines, now).then(|| payment_blocked(row.declines.forgotten_in(now)))
    }
}

/// The orders are a state that the buyer can change, so this is a 409 and not a 429, which is about requests in a time (RFC 9110,
/// 15.5.10; RFC 6585, 4).
fn too_many_open_orders(detail: impl Into<String>) -> Error {
    Error::conflict("too_many_open_orders", detail)
}

fn too_many_pieces(sku: &Sku, limit: u32) -> Error {
    let message = format!("at most {limit} pieces may be unpaid at once from one network");
    let detail = format!(
        "At most {limit} pieces of {sku} may be unpaid at once from your network. Order fewer, or pay or cancel another order."
    );
    too_many_open_orders(detail).with_field(format!("items.{sku}"), "too_many_open_orders", message)
}

/// The refusal of one more cancellation before the end of the day.
pub(crate) fn too_many_cancellations(now: Timestamp) -> Error {
    let seconds = u32::try_from(DAY_SECONDS - now.seconds().rem_euclid(DAY_SECONDS)).unwrap_or(u32::MAX);
    let detail = "Too many paid orders were cancelled today. Cancel this one tomorrow, or ask the shop.";
    Error::new(Kind::RateLimited(seconds), "too_many_cancellations", detail)
}

fn payment_blocked(seconds: u32) -> Error {
    let detail = format!("Too many payments were declined. Try again in {seconds} seconds.");
    Error::new(Kind::RateLimited(seconds), "payment_blocked", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use values::{Clock, Role};

    fn limits() -> OrderLimits {
        OrderLimits {
            key: DigestKey::new("a key of the test"),
            network: CounterLimits { orders: 3, declines: 4 },
            buyer: CounterLimits { orders: 2, declines: 2 },
            pieces_per_network: 5,
            cancellations_per_account: 2,
            cancellations_per_network: 6,
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    fn row(value: Value) -> CounterRow {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn counters_are_digests_of_buyer_and_network() {
        let (limits, home) = (limits(), Network::of(Some("192.0.2.1")));
        let ada: Email = "ada@example.com".parse().unwrap();
        let of = |email: &Email, network: &Network| limits.counters(&Caller::Guest, Some(email), network).unwrap();
        let counters = of(&ada, &home);
        assert_eq!((counters.network.len(), counters.buyer.len()), (DIGEST_LENGTH, DIGEST_LENGTH));
        let elsewhere = of(&ada, &Network::of(Some("192.0.2.2")));
        assert!(elsewhere.network != counters.network && elsewhere.buyer == counters.buyer);
        let bob = of(&"bob@example.com".parse().unwrap(), &home);
        assert!(bob.network == counters.network && bob.buyer != counters.buyer);
    }

    #[test]
    fn cancellations_are_counted_for_account_and_network() {
        let home = Network::of(Some("192.0.2.1"));
        let of = |buyer| limits().cancellation_counters(buyer, &home);
        let (account, guest) =
            (of(Recipient::User(Clock::System.mint())), of(Recipient::Contact(Clock::System.mint())));
        assert_eq!(account.iter().map(|counter| counter.limit).collect::<Vec<_>>(), [6, 2]);
        assert!(guest.len() == 1 && guest[0].digest == account[0].digest);
        let error = too_many_cancellations(Timestamp::from_millis(1_800_000_000_000));
        assert!(matches!(error.kind, Kind::RateLimited(1..=86_400)), "{error:?}");
    }

    #[test]
    fn buyer_with_too_many_unpaid_orders_is_refused() {
        let code = |value| limits().buyer_refusal(&row(value), now()).map(|error| error.code);
        assert_eq!(code(json!({ "orders": ["A"] })), None);
        assert_eq!(code(json!({ "orders": ["A", "B"] })), Some("too_many_open_orders"));
    }

    #[test]
    fn network_with_too_many_unpaid_pieces_is_refused() {
        let row = row(json!({ "orders": ["A"], "sku:MUG": ["A#1", "A#2", "A#3"] }));
        let (mug, tea): (Sku, Sku) = ("MUG".parse().unwrap(), "TEA".parse().unwrap());
        let refusal = |lines: &[(&Sku, u32)]| limits().network_refusal(&row, lines.iter().copied(), now());
        assert!(refusal(&[(&mug, 2), (&tea, 5)]).is_none());
        let error = refusal(&[(&tea, 5), (&mug, 3)]).unwrap();
        assert_eq!((error.code, error.fields[0].field.as_str()), ("too_many_open_orders", "items.MUG"));
        assert!(limits().check_pieces(&[(&mug, 5), (&tea, 5)]).is_ok());
        assert_eq!(limits().check_pieces(&[(&tea, 5), (&mug, 6)]).unwrap_err().code, "too_many_open_orders");
    }

    #[test]
    fn network_with_too_many_unpaid_pieces_of_all_skus_is_refused() {
        let limits = OrderLimits { pieces_per_network: 50_000, ..limits() };
        let (mug, tea): (Sku, Sku) = ("MUG".parse().unwrap(), "TEA".parse().unwrap());
        assert!(limits.check_pieces(&[(&mug, 9_000), (&tea, 9_000)]).is_ok());
        let error = limits.check_pieces(&[(&mug, 9_000), (&tea, 20_000)]).unwrap_err();
        assert_eq!((error.code, error.fields.len()), ("too_many_open_orders", 0));
        let blocks: Vec<_> = (1..MAX_BLOCKS).map(|at| format!("A/{at}")).collect();
        let row = row(json!({ "orders": ["A"], "blocks": blocks }));
        let refusal = |lines: &[(&Sku, u32)]| limits.network_refusal(&row, lines.iter().copied(), now());
        assert!(refusal(&[(&mug, 5), (&tea, 5)]).is_none());
        assert_eq!(refusal(&[(&mug, 15), (&tea, 15)]).unwrap().code, "too_many_open_orders");
    }

    #[test]
    fn declines_block_for_the_rest_of_the_hour() {
        let declined =
            |declines: u32, ago: i64| row(json!({ "declines": declines, "declinesSince": now().seconds() - ago }));
        let limits = limits();
        let check = |network: &CounterRow, buyer: &CounterRow| limits.check_declines(network, buyer, now());
        assert!(check(&declined(3, 60), &declined(1, 60)).is_ok());
        let error = check(&declined(3, 60), &declined(2, 600)).unwrap_err();
        assert_eq!((error.code, error.kind), ("payment_blocked", Kind::RateLimited(3000)));
        assert_eq!(check(&declined(4, 60), &declined(0, 60)).unwrap_err().code, "payment_blocked");
        assert!(check(&declined(40, 3600), &declined(20, 3600)).is_ok(), "it was an hour ago");
        assert_eq!(limits.buyer_refusal(&declined(2, 0), now()).unwrap().code, "payment_blocked");
    }

    #[test]
    fn account_is_counted_by_its_id_and_an_admin_is_not() {
        let (id, session) = (Clock::System.mint(), Clock::System.mint());
        let counters = |role| {
            let caller =
                Caller::User { id, role, session, authenticated_at: None, assurance: values::Assurance::OneFactor };
            limits().counters(&caller, None, &Network::of(Some("192.0.2.1")))
        };
        assert!(counters(Role::Customer).is_some_and(|counters| counters.buyer.len() == DIGEST_LENGTH));
        assert_eq!(counters(Role::Admin), None);
    }
}
