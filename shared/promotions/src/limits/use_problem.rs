//! Why an order cannot count a use. Pure.

use values::{Error, Kind, PromotionId};

use crate::codes::coupon_code::CouponCode;

/// The order of the error codes when uses have several problems: the first one is the code of the whole error.
const CODES_BY_WEIGHT: [&str; 4] =
    ["promotion_changed", "promotion_exhausted", "coupon_used", "coupon_first_order_only"];

/// A promotion whose use an order cannot count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseProblem {
    pub promotion: PromotionId,
    /// The code that the buyer has entered; none for an automatic promotion.
    pub code: Option<CouponCode>,
    pub refusal: UseRefusal,
}

/// Why a use cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseRefusal {
    /// The promotion has changed since the order was priced, has ended or was stopped.
    Changed,
    /// All orders together have used it as often as allowed.
    Exhausted,
    /// The customer, or the code, has used it as often as allowed.
    Used,
    /// The customer has ordered before.
    FirstOrderOnly,
}

impl UseProblem {
    /// The code of the error. For a customer who has used an automatic promotion, the price has changed: nobody can take a code off.
    pub fn error_code(&self) -> &'static str {
        match (self.refusal, &self.code) {
            (UseRefusal::Exhausted, _) => "promotion_exhausted",
            (UseRefusal::Used, Some(_)) => "coupon_used",
            (UseRefusal::FirstOrderOnly, Some(_)) => "coupon_first_order_only",
            (UseRefusal::Changed, _) | (UseRefusal::Used | UseRefusal::FirstOrderOnly, None) => "promotion_changed",
        }
    }

    fn field(&self) -> String {
        match &self.code {
            Some(code) => format!("coupons.{code}"),
            None => format!("promotions.{}", self.promotion),
        }
    }

    fn message(&self) -> String {
        let subject = match &self.code {
            Some(code) => format!("The coupon {code}"),
            None => "A discount".to_owned(),
        };
        let verb = match self.refusal {
            UseRefusal::Changed => "has changed or ended",
            UseRefusal::Exhausted => "is used up",
            UseRefusal::Used => "was used as often as it can be",
            UseRefusal::FirstOrderOnly => "is for the first order of a customer",
        };
        format!("{subject} {verb}.")
    }
}

/// The error of an order with these problems; none if there are none. 409 `promotion_changed` and `promotion_exhausted`, 422 `coupon_used`
/// and `coupon_first_order_only`. An order that can be placed at another price gets the new breakdown from its caller.
pub fn use_error(problems: &[UseProblem]) -> Option<Error> {
    let mut problems: Vec<&UseProblem> = problems.iter().collect();
    problems.sort_by_key(|problem| CODES_BY_WEIGHT.iter().position(|code| *code == problem.error_code()));
    let code = problems.first()?.error_code();
    let kind = if code.starts_with("coupon_") { Kind::Invalid } else { Kind::Conflict };
    let detail = problems.iter().map(|problem| problem.message()).collect::<Vec<_>>().join(" ");
    let error = Error::new(kind, code, detail);
    Some(
        problems
            .into_iter()
            .fold(error, |error, problem| error.with_field(problem.field(), problem.error_code(), problem.message())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    fn problem(code: Option<&str>, refusal: UseRefusal) -> UseProblem {
        UseProblem { promotion: Clock::System.mint(), code: code.map(|code| code.parse().unwrap()), refusal }
    }

    fn error(problems: &[UseProblem]) -> (Kind, &'static str, Vec<&'static str>) {
        let error = use_error(problems).unwrap();
        (error.kind, error.code, error.fields.iter().map(|field| field.code).collect())
    }

    #[test]
    fn refusal_of_a_coupon_is_invalid_and_a_changed_price_is_a_conflict() {
        for (code, refusal, kind, expected) in [
            (Some("TEN"), UseRefusal::Used, Kind::Invalid, "coupon_used"),
            (Some("TEN"), UseRefusal::FirstOrderOnly, Kind::Invalid, "coupon_first_order_only"),
            (Some("TEN"), UseRefusal::Exhausted, Kind::Conflict, "promotion_exhausted"),
            (Some("TEN"), UseRefusal::Changed, Kind::Conflict, "promotion_changed"),
            (None, UseRefusal::Used, Kind::Conflict, "promotion_changed"),
            (None, UseRefusal::FirstOrderOnly, Kind::Conflict, "promotion_changed"),
            (None, UseRefusal::Exhausted, Kind::Conflict, "promotion_exhausted"),
        ] {
            assert_eq!(error(&[problem(code, refusal)]), (kind, expected, vec![expected]), "{code:?} {refusal:?}");
        }
        assert!(use_error(&[]).is_none());
    }

    #[test]
    fn gravest_problem_gives_the_code() {
        let problems = [
            problem(Some("TEN"), UseRefusal::Used),
            problem(None, UseRefusal::Exhausted),
            problem(Some("FREE"), UseRefusal::Changed),
        ];
        let codes = vec!["promotion_changed", "promotion_exhausted", "coupon_used"];
        assert_eq!(error(&problems), (Kind::Conflict, "promotion_changed", codes));
        let detail = use_error(&problems[..1]).unwrap().detail;
        assert_eq!(detail, "The coupon TEN was used as often as it can be.");
    }
}
