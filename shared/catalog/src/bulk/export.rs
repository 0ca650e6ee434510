//! One slice of an export: all active products, in a file that can be imported again. A product that changes meanwhile
//! is exported as it was or as it is.

use std::time::Instant;

use aws_kit::MultipartUpload;
use values::{Error, Result};

use crate::bulk::columns::Column;
use crate::bulk::job::{Counts, Job};
use crate::bulk::progress::ExportProgress;
use crate::bulk::rows::format_row;
use crate::{Catalog, Format, JobService, Listing, Offer, ProductContent, ProductIn, ProductKind, StockIn, VariantIn};
use tabular::{Dialect, csv};

/// Products per read.
const PAGE: u32 = 100;

impl JobService {
    /// Continues an export until its time is over or all products are written.
    pub(crate) async fn run_export_slice(
        &self,
        job: &Job,
        mut state: ExportProgress,
        until: Instant,
    ) -> Result<(ExportProgress, Counts)> {
        let catalog = &self.products.catalog;
        let mut counts = job.counts;
        let mut file = MultipartUpload::resume(&self.bucket, job.export_key(), job.format.media_type(), state.file);
        if job.format == Format::Csv && file.is_empty() {
            file.add(&header_line(state.dialect)).await?;
        }
        while Instant::now() < until && !state.ended {
            let page = catalog.walk(state.shard, state.after.take(), PAGE).await?;
            let mut lines = Vec::new();
            for listing in catalog.listings(page.rows).await? {
                let listing = match listing.is_consistent() {
                    true => Some(catalog.counted(listing).await?),
                    false => catalog.listing(listing.product.id).await?,
                };
                // The index is some moments behind. The offers show whether a product was archived meanwhile.
                if let Some(listing) = listing.filter(|listing| listing.active_offers().next().is_some()) {
                    write_line(job.format, state.dialect, &product_line(&listing), &mut lines)?;
                    counts.lines += 1;
                }
            }
            file.add(&lines).await?;
            if page.next.is_none() {
                state.shard += 1;
                state.ended = state.shard == Catalog::SHARDS;
            }
            state.after = page.next;
        }
        let file = if state.ended { file.finish().await? } else { file.pause(job.state.version).await? };
        Ok((ExportProgress { file, ..state }, counts))
    }
}

/// A product as the body of the request that would create it, with its current stock.
pub(crate) fn product_line(listing: &Listing) -> ProductIn {
    let ProductContent { name, description, category, brand, tags, attributes, tax_class, kind } = listing.content();
    let stock = |offer: &Offer| Some(StockIn { available: offer.pieces() });
    let mut line = ProductIn {
        sku: Some(listing.product.sku.clone()),
        name,
        description,
        category,
        brand,
        tags,
        attributes,
        tax_class,
        price: None,
        compare_at_price: None,
        weight: None,
        max_per_order: None,
        stock: None,
        options: Vec::new(),
        variants: Vec::new(),
    };
    match kind {
        ProductKind::Single(terms) => {
            (line.price, line.compare_at_price) = (Some(terms.price), terms.compare_at_price);
            (line.weight, line.max_per_order) = (terms.weight, terms.max_per_order);
            line.stock = stock(&listing.main_offer);
        }
        ProductKind::Variants(variant_set) => {
            let variants =
                variant_set.variants.into_iter().zip(&listing.variants).map(|((variant, terms), offer)| VariantIn {
                    sku: variant.sku,
                    options: variant.options,
                    price: Some(terms.price),
                    compare_at_price: terms.compare_at_price,
                    weight: terms.weight,
                    max_per_order: terms.max_per_order,
                    stock: stock(offer),
                });
            (line.options, line.variants) = (variant_set.options, variants.collect());
        }
    }
    line
}

/// The beginning of a CSV file.
pub(crate) fn header_line(dialect: Dialect) -> Vec<u8> {
    let mut line = dialect.preamble().to_vec();
    let names: Vec<String> = Column::ALL.iter().map(|column| column.name().to_owned()).collect();
    csv::write(&names, dialect.delimiter(), &mut line);
    line
}

/// Appends a product to a file.
pub(crate) fn write_line(format: Format, dialect: Dialect, product: &ProductIn, out: &mut Vec<u8>) -> Result<()> {
    match format {
        Format::Csv => csv::write(&format_row(product, dialect)?, dialect.delimiter(), out),
        Format::Ndjson => {
            serde_json::to_writer(&mut *out, product).map_err(Error::internal)?;
            out.push(b'\n');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::import::tests::read;
    use crate::product::listing::tests::{listing, shirt};
    use crate::{Draft, StockLevels};
    use proptest::prelude::*;
    use serde_json::json;

    /// What an import reads from an export.
    fn round_trip(format: Format, dialect: Dialect, product: &ProductIn) -> Draft {
        let mut file = if format == Format::Csv { header_line(dialect) } else { Vec::new() };
        write_line(format, dialect, product, &mut file).unwrap();
        read(format, &file).remove(0).unwrap()
    }

    fn check_round_trip(listing: &Listing) {
        let pieces: StockLevels = match listing.variants.is_empty() {
            true => [(listing.main_offer.sku.clone(), listing.main_offer.available)].into(),
            false => listing.variants.iter().map(|offer| (offer.sku.clone(), offer.available)).collect(),
        };
        let draft =
            Draft { sku: listing.product.sku.clone(), content: listing.content(), stock: pieces, import_line: None };
        for (format, dialect) in
            [(Format::Csv, Dialect::Standard), (Format::Csv, Dialect::Excel), (Format::Ndjson, Dialect::Standard)]
        {
            assert_eq!(round_trip(format, dialect, &product_line(listing)), draft, "{format} {dialect:?}");
        }
    }

    #[test]
    fn exported_product_imports_unchanged() {
        check_round_trip(&listing());
        check_round_trip(&shirt());
    }

    #[test]
    fn row_is_readable_in_a_spreadsheet() {
        let mut out = Vec::new();
        write_line(Format::Csv, Dialect::Standard, &product_line(&listing()), &mut out).unwrap();
        let row = "MUG-INDIGO,Indigo Mug,Holds tea.,ceramics,Kiln & Co,mug|blue,14.90,EUR,19.90,reduced,380,,3,\
                   \"{\"\"glazed\"\":true,\"\"volumeMl\"\":350}\",,\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), row);
    }

    proptest! {
        #[test]
        fn any_text_survives_export_and_import(
            name in "[=+@'\"|,;☕a-] ?[\"',|a☕]{0,12}b",
            description in "[-=+@'\t\r\n\",;|a☕é]{0,30}",
            tags in prop::collection::btree_set("[=|\\\\'\",a☕]{1,8}", 0..5),
            attribute in "[=\"',{}a☕]{0,12}",
            amount in 0i64..100_000_000,
            pieces in 0u32..1_000_000,
        ) {
            let mut mug = listing();
            mug.product.name = serde_json::from_value(json!(name)).unwrap();
            mug.product.description = serde_json::from_value(json!(description)).unwrap();
            mug.product.tags = serde_json::from_value(json!(tags)).unwrap();
            mug.product.attributes = serde_json::from_value(json!({ "a": attribute, "b": 0.1, "=c": false })).unwrap();
            (mug.main_offer.price.amount, mug.main_offer.available, mug.main_offer.compare_at_price) = (amount, pieces, None);
            check_round_trip(&mug);
        }
    }
}
