//! The service that moves money. Only workers have it; the API has [`Payments`] alone, and writes down what a worker has to do.

use values::{Error, PaymentId, Result};

use crate::card_limit::CardLimit;
use crate::payment::Payment;
use crate::store::Payments;
use crate::stripe::Stripe;

/// The payments and the provider together.
#[derive(Debug)]
pub struct PaymentService {
    pub payments: Payments,
    pub provider: Stripe,
    pub cards: CardLimit,
}

impl PaymentService {
    pub(crate) async fn read(&self, id: PaymentId) -> Result<Payment> {
        self.payments.read(id).await?.ok_or_else(|| Error::internal(format!("there is no payment {id}")))
    }
}
