//! The tax of one jurisdiction, as a part of a rate.

use pricing::TaxComponent;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Text};

use crate::tax::tax_key::TaxKey;

/// The jurisdictions of a rate: state, county, city and districts.
pub const MAX_COMPONENTS: usize = 8;
/// 100 %.
const MILLION: u64 = 1_000_000;

/// The tax of one jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TaxRateComponent"))]
#[serde(deny_unknown_fields)]
pub struct RateComponent {
    /// Whose tax it is, such as `DE` or `US-NY`.
    pub jurisdiction: Text<32>,
    /// In parts per million: 190,000 is 19 %.
    #[cfg_attr(feature = "openapi", schemars(range(max = MILLION)))]
    pub ppm: u32,
}

/// Checks the components of a field. 422 `components_out_of_range` or `tax_rate_out_of_range`.
pub(crate) fn check_components(components: &[RateComponent], field: &str) -> Result<()> {
    if !(1..=MAX_COMPONENTS).contains(&components.len()) {
        let message = format!("must be 1 to {MAX_COMPONENTS} components; a rate of 0 has one, too");
        return Err(Error::invalid(field, "components_out_of_range", message));
    }
    let sum: u64 = components.iter().map(|component| u64::from(component.ppm)).sum();
    match sum <= MILLION {
        true => Ok(()),
        false => {
            let message = format!("must be at most {MILLION} parts per million together, which is 100 %");
            Err(Error::invalid(field, "tax_rate_out_of_range", message))
        }
    }
}

/// The components as the price of an order uses them.
pub(crate) fn tax_components(components: &[RateComponent], reason: &TaxKey) -> Vec<TaxComponent> {
    let component = |component: &RateComponent| TaxComponent {
        jurisdiction: component.jurisdiction.as_str().to_owned(),
        ppm: component.ppm,
        reason: reason.as_str().to_owned(),
    };
    components.iter().map(component).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn component(jurisdiction: &str, ppm: u32) -> RateComponent {
        RateComponent { jurisdiction: Text::new(jurisdiction).unwrap(), ppm }
    }

    #[test]
    fn components_are_few_and_at_most_100_percent_together() {
        let code = |components: &[RateComponent]| {
            check_components(components, "components").err().map(|error| error.fields[0].code)
        };
        assert_eq!(code(&[component("DE", 0)]), None);
        assert_eq!(code(&[component("US", 500_000), component("US-NY", 500_000)]), None);
        assert_eq!(code(&vec![component("US", 1); MAX_COMPONENTS]), None);
        assert_eq!(code(&[]), Some("components_out_of_range"));
        assert_eq!(code(&vec![component("US", 1); MAX_COMPONENTS + 1]), Some("components_out_of_range"));
        assert_eq!(code(&[component("DE", 1_000_001)]), Some("tax_rate_out_of_range"));
        assert_eq!(code(&[component("US", 500_000), component("US-NY", 500_001)]), Some("tax_rate_out_of_range"));
        assert_eq!(code(&vec![component("US", u32::MAX); MAX_COMPONENTS]), Some("tax_rate_out_of_range"));
    }
}
