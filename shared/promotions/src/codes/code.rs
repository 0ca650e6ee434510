//! The codes of a promotion: those that are stored one by one, and what a code stands for. Pure.

use serde::{Deserialize, Serialize};
use values::{PromotionId, Result};

use crate::codes::coupon_code::CouponCode;
use crate::promotions::check::check_uses;
use crate::promotions::content::MAX_TOTAL;

/// A code that an admin adds to a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewCouponCode"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewCode {
    pub code: CouponCode,
    /// How often all orders together can use the code. Without it, as often as the promotion allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_TOTAL)))]
    pub max_uses: Option<u32>,
}

impl NewCode {
    /// 422 `uses_out_of_range`.
    pub(crate) fn check(&self) -> Result<()> {
        check_uses("maxUses", self.max_uses, MAX_TOTAL)
    }
}

/// What a code stands for. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeTerms {
    pub(crate) code: CouponCode,
    pub(crate) promotion: PromotionId,
    pub(crate) max_uses: Option<u32>,
}

/// The row of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredCode {
    pub(crate) code: CouponCode,
    pub(crate) promotion: PromotionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_uses: Option<u32>,
    pub(crate) used: u32,
}

/// A code of a promotion, and how often it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeUsage {
    pub code: CouponCode,
    pub max_uses: Option<u32>,
    /// Given back uses are subtracted. None for a code without a limit, whose uses are not counted.
    pub used: Option<u32>,
}

/// What became of codes that were to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddedCodes {
    pub added: u32,
    /// The promotion has them already. Their limits stay as they are.
    pub unchanged: u32,
    /// They belong to other promotions.
    pub refused: Vec<CouponCode>,
}

impl StoredCode {
    pub(crate) fn new(new: &NewCode, promotion: PromotionId) -> Self {
        Self { code: new.code.clone(), promotion, max_uses: new.max_uses, used: 0 }
    }

    pub(crate) fn terms(self) -> CodeTerms {
        CodeTerms { code: self.code, promotion: self.promotion, max_uses: self.max_uses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn uses_of_a_code_are_bounded() {
        let code = |max_uses: u32| {
            let new: NewCode = serde_json::from_value(json!({ "code": "spring", "maxUses": max_uses })).unwrap();
            new.check().err().map(|error| error.fields[0].code)
        };
        assert_eq!((code(0), code(1), code(1_000_001)), (Some("uses_out_of_range"), None, Some("uses_out_of_range")));
        let unlimited: NewCode = serde_json::from_value(json!({ "code": "spring" })).unwrap();
        assert!(unlimited.check().is_ok());
    }
}
