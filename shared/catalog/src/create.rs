//! A new product: its row, its offer and the event, in one transaction.

use aws_kit::{Attempt, CommitError, Idempotency, Transaction};
use events::Event;
use values::{Error, Result, Sku, Trace};

use crate::stock::check_pieces;
use crate::{Listing, Offer, Product, Products, Sheet, Status};

/// What a product begins as.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What is sold of it; nobody else's, and for ever.
    pub sku: Sku,
    /// What is told of it.
    pub sheet: Sheet,
    /// Pieces there are: 0 to 1,000,000.
    pub available: u32,
}

impl Products {
    /// Puts a product into the shop. 409 `sku_taken`, also by an archived product. 1 round trip, 2 for a category that this
    /// sandbox does not know.
    pub async fn create(&self, draft: Draft, trace: &Trace, once: Option<&Idempotency>) -> Result<Attempt<Listing>> {
        let tried = self.try_create(draft, trace, once).await;
        self.or_earlier(tried, once).await
    }

    async fn try_create(&self, draft: Draft, trace: &Trace, once: Option<&Idempotency>) -> Result<Attempt<Listing>> {
        draft.sheet.check(self.currency)?;
        check_pieces("stock.available", draft.available)?;
        self.catalog.ensure_category(&draft.sheet.category).await?;
        let listing = self.begin(draft);
        let sku = listing.offer.sku.clone();
        let mut writes = Transaction::new();
        writes.add(self.catalog.put_product(&listing.product)?.when("attribute_not_exists(pk)"));
        let offer = writes.add(self.catalog.create_offer(&listing.offer)?);
        let told = self.tell(&listing, Event::ProductCreated, trace);
        match self.commit(writes, &told, listing, once).await {
            Err(CommitError::Refused(refusals)) if refusals.of(offer).is_some() => Err(taken(&sku)),
            done => Ok(done?),
        }
    }

    fn begin(&self, draft: Draft) -> Listing {
        let Draft { sku, sheet, available } = draft;
        let (id, now) = (self.clock.mint(), self.clock.now());
        let offer = Offer {
            sku: sku.clone(),
            product_id: id,
            name: sheet.name.as_str().to_owned(),
            available,
            price: sheet.price,
            price_version: 1,
            status: Status::Active,
            tax_class: sheet.tax_class,
            stock_version: 1,
        };
        let product = Product {
            id,
            sku,
            name: sheet.name,
            description: sheet.description,
            category: sheet.category,
            tags: sheet.tags,
            attributes: sheet.attributes,
            status: Status::Active,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Listing { product, offer }
    }
}

fn taken(sku: &Sku) -> Error {
    Error::conflict("sku_taken", format!("There is a product with the SKU {sku} already.")).with_field(
        "sku",
        "sku_taken",
        "is taken",
    )
}
