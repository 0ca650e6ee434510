//! How shipping is taxed. Countries differ.

use pricing::ShippingTax;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

use crate::tax::rate_component::{RateComponent, check_components, tax_components};
use crate::tax::tax_key::TaxKey;

/// How shipping is taxed at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingTaxRule"))]
#[serde(deny_unknown_fields)]
pub struct ShippingRule {
    pub rule: ShippingRuleKind,
    /// Its own rates, with the rule `always` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<RateComponent>,
}

/// Which taxes shipping has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingTaxRuleKind"))]
#[serde(rename_all = "lowercase")]
pub enum ShippingRuleKind {
    /// Those of the goods, in proportion to their discounted value.
    Proportional,
    /// Those of the goods with the largest discounted value.
    Principal,
    /// Its own.
    Always,
    /// None.
    Never,
}

impl ShippingRule {
    /// Checks input. 422 `components_out_of_range` or `tax_rate_out_of_range`.
    pub(crate) fn check(&self) -> Result<()> {
        match self.rule {
            ShippingRuleKind::Always => check_components(&self.components, "shipping.components"),
            _ if self.components.is_empty() => Ok(()),
            _ => {
                let message = "belong to the rule `always`; leave them out";
                Err(Error::invalid("shipping.components", "components_out_of_range", message))
            }
        }
    }

    /// The rule as the price of an order uses it.
    pub(crate) fn shipping_tax(&self, reason: &TaxKey) -> ShippingTax {
        match self.rule {
            ShippingRuleKind::Proportional => ShippingTax::Proportional,
            ShippingRuleKind::Principal => ShippingTax::Principal,
            ShippingRuleKind::Always => ShippingTax::Always(tax_components(&self.components, reason)),
            ShippingRuleKind::Never => ShippingTax::Never,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tax::rate_component::tests::component;

    /// A rule without rates of its own.
    pub(crate) fn shipping_rule(rule: ShippingRuleKind) -> ShippingRule {
        ShippingRule { rule, components: Vec::new() }
    }

    #[test]
    fn only_the_rule_always_has_rates() {
        let code = |rule: ShippingRule| rule.check().err().map(|error| error.fields[0].code);
        let components = vec![component("JP", 100_000)];
        for kind in [ShippingRuleKind::Proportional, ShippingRuleKind::Principal, ShippingRuleKind::Never] {
            assert_eq!(code(shipping_rule(kind)), None);
            let with_rates = ShippingRule { rule: kind, components: components.clone() };
            assert_eq!(code(with_rates), Some("components_out_of_range"));
        }
        assert_eq!(code(ShippingRule { rule: ShippingRuleKind::Always, components }), None);
        assert_eq!(code(shipping_rule(ShippingRuleKind::Always)), Some("components_out_of_range"));
    }
}
