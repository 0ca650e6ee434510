//! What the handlers share.

use aws_kit::{Aws, Settings, Table};
use axum::extract::FromRef;
use cart::Carts;
use catalog::ShownStock;
use http_kit::{Cursors, Verifier};
use identity::AccountService;
use orders::{Checkout, OrderLimits, OrderService};
use values::{Clock, Result, TimeZone};

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    pub(crate) checkout: Checkout,
    pub(crate) verifier: Verifier,
    pub(crate) cursors: Cursors,
    pub(crate) shown_stock: ShownStock,
    /// Dates in filters are days in this time zone.
    pub(crate) time_zone: TimeZone,
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let checkout = Checkout {
            service: OrderService::from_env(aws, Clock::System)?,
            carts: Carts::from_env(aws)?,
            accounts: AccountService::from_env(aws)?,
            currency: Settings.parsed("SOUK_CURRENCY")?,
            hold_seconds: Settings.parsed("SOUK_HOLD_SECONDS")?,
            declined_hold_seconds: Settings.parsed("SOUK_DECLINED_HOLD_SECONDS")?,
            limits: OrderLimits::from_env()?,
        };
        let (cursors, shown_stock) = (Cursors::from_env()?, ShownStock::from_env()?);
        let time_zone = Settings.parsed("SOUK_TIME_ZONE")?;
        Ok(Self { checkout, verifier: Verifier::from_env(aws)?, cursors, shown_stock, time_zone })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.checkout.service.orders.table()
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}
