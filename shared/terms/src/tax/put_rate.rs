//! Use case: create or change a tax rate.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent};
use values::{Error, ExpectedVersion, Result};

use crate::TermsService;
use crate::expected::check_put;
use crate::tax::rate::{MAX_RATES, RateContent, TaxRate};

impl TermsService {
    /// Creates a tax rate, or with an `expected` version replaces the one of the same country, region, postal prefix, class and first day.
    /// Sales know a change within 30 seconds.
    ///
    /// 404; 412 `version_mismatch`; 409 `tax_rate_exists`; 422 `tax_overlap`, `too_many_tax_rates`, `country_unknown`, `invalid_value`,
    /// `ends_before_start`, `components_out_of_range`, `tax_rate_out_of_range` or `shipping_rule_misplaced`. 3 round trips.
    pub async fn put_tax_rate(
        &self,
        content: &RateContent,
        expected: Option<&ExpectedVersion>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<TaxRate>> {
        // Invalid content cannot have succeeded before, so no stored response is looked up.
        content.check()?;
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            let (version, rates) = store.read_versioned_tax_rates(&content.country).await?;
            let rate = put(content, expected, &rates, version + 1)?;
            Ok(Changes::new(store.put_tax_rate(&rate, version)?, rate).into())
        };
        self.write().run_idempotent(idempotency, decide).await
    }
}

/// The rate to be stored beside the stored ones of its country.
fn put(content: &RateContent, expected: Option<&ExpectedVersion>, stored: &[TaxRate], version: u64) -> Result<TaxRate> {
    let key = content.key();
    let current = stored.iter().find(|rate| rate.content.key() == key);
    check_put("tax rate", "tax_rate_exists", current.map(|rate| rate.version), expected)?;
    if current.is_none() && stored.len() >= MAX_RATES as usize {
        let message = format!("has {MAX_RATES} tax rates, the most allowed; delete one first");
        return Err(Error::invalid("country", "too_many_tax_rates", message));
    }
    content.check_overlap(stored)?;
    Ok(TaxRate { content: content.clone(), version })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tax::rate::tests::{ending, rate};

    /// The version of the rate that is stored at last, or the code of the error.
    fn put_german(from: &str, until: &str, expected: Option<u64>, stored: &[TaxRate]) -> Result<u64, &'static str> {
        let content = ending(rate(("DE", "", ""), "standard", from, 190_000), until).content;
        let expected = expected.map(ExpectedVersion::from);
        let code = |error: Error| error.fields.first().map_or(error.code, |field| field.code);
        put(&content, expected.as_ref(), stored, 7).map(|rate| rate.version).map_err(code)
    }

    #[test]
    fn new_rate_is_put_without_a_version_and_a_stored_one_with_its_own() {
        let stored = [ending(rate(("DE", "", ""), "standard", "2020-07-01", 160_000), "2020-12-31")];
        assert_eq!(put_german("2021-01-01", "2021-12-31", None, &stored), Ok(7));
        assert_eq!(put_german("2020-07-01", "2021-12-31", Some(1), &stored), Ok(7), "it may overlap its former self");
        assert_eq!(put_german("2020-07-01", "2021-12-31", None, &stored), Err("tax_rate_exists"));
        assert_eq!(put_german("2020-07-01", "2021-12-31", Some(2), &stored), Err("version_mismatch"));
        assert_eq!(put_german("2021-01-01", "2021-12-31", Some(1), &stored), Err("not_found"));
    }

    #[test]
    fn rate_that_overlaps_another_in_time_is_refused() {
        let stored = [ending(rate(("DE", "", ""), "standard", "2020-07-01", 160_000), "2020-12-31")];
        assert_eq!(put_german("2020-12-31", "2021-12-31", None, &stored), Err("tax_overlap"));
        assert_eq!(put_german("2020-01-01", "2020-07-01", None, &stored), Err("tax_overlap"));
    }

    #[test]
    fn country_has_a_thousand_rates_at_most() {
        let number = |number: u32| rate(("DE", "", &number.to_string()), "standard", "2020-01-01", 0);
        let mut stored: Vec<TaxRate> = (0..MAX_RATES).map(number).collect();
        assert_eq!(put_german("2020-01-01", "2020-12-31", None, &stored), Err("too_many_tax_rates"));
        let known = stored[0].content.clone();
        assert!(put(&known, Some(&ExpectedVersion::from(1)), &stored, 7).is_ok(), "a change adds none");
        stored.pop();
        assert_eq!(put_german("2020-01-01", "2020-12-31", None, &stored), Ok(7));
    }
}
