//! Find out whether a customer has ordered before. A promotion for first orders needs it.

use futures::future::try_join;
use values::{Email, Result, UserId};

use crate::list_store::Listed;
use crate::status::Status;
use crate::store::Orders;

/// The orders that are looked at, of the account and of guests. Who has cancelled so many before may order as for the first time.
const NEWEST: u32 = 25;

impl Orders {
    /// Whether one of the newest orders of the account, or of guests with the email address, was not cancelled. An order that was placed a
    /// moment ago may be missing: the row that claims the first order decides among those with such a promotion. 2 round trips, 1 for a
    /// customer without orders.
    pub(crate) async fn has_ordered(&self, user: Option<UserId>, email: &Email) -> Result<bool> {
        let of_account = async {
            match user {
                Some(user) => self.list_newest_of_user(user, None, NEWEST).await,
                None => Ok(Vec::new()),
            }
        };
        let (of_account, of_guests) = try_join(of_account, self.list_newest_of_email(email, None, NEWEST)).await?;
        let mut ids = [of_account, of_guests].concat();
        ids.sort_unstable_by_key(|id| id.uuid());
        let orders = self.read_listed(ids.into_iter().map(Listed::from).collect()).await?;
        Ok(orders.iter().any(|order| order.status != Status::Cancelled))
    }
}
