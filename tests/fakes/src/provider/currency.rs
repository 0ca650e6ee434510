//! The amounts that Stripe accepts in currencies with rules of their own: <https://docs.stripe.com/currencies>, "Three-decimal
//! currencies", "Special cases" and "Minimum charge amount by currency".

use super::response::{ApiResponse, invalid_request};

/// Refuses an amount, in the unit of Stripe, that is not a multiple of the currency's step. The currency is in lower case.
pub(crate) fn check_amount(param: &str, amount: u64, currency: &str) -> Result<(), ApiResponse> {
    let step = match currency {
        "isk" | "ugx" => 100,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 10,
        _ => 1,
    };
    match amount.is_multiple_of(step) {
        true => Ok(()),
        false => Err(invalid_request(
            "parameter_invalid_integer",
            Some(param),
            format!("Invalid {param}: an amount in {currency} must be evenly divisible by {step}."),
        )),
    }
}

/// Refuses a charge, in the unit of Stripe, that is below the minimum of its currency. The account is paid out in the same currency.
pub(crate) fn check_charge(amount: u64, currency: &str) -> Result<(), ApiResponse> {
    let minimum = match currency {
        "gbp" => 30,
        "ars" | "aud" | "brl" | "cad" | "chf" | "cop" | "eur" | "idr" | "ils" | "inr" | "jpy" | "krw" | "nzd"
        | "php" | "rub" | "sgd" | "usd" | "zar" => 50,
        "aed" | "myr" | "pln" | "ron" => 200,
        "dkk" => 250,
        "nok" | "sek" => 300,
        "hkd" => 400,
        "mxn" | "thb" => 1_000,
        "czk" => 1_500,
        "huf" => 17_500,
        _ => 1,
    };
    match amount >= minimum {
        true => Ok(()),
        false => {
            let message = format!("The amount of a charge in {currency} must be at least {minimum}.");
            Err(invalid_request("amount_too_small", Some("amount"), message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_must_be_a_multiple_of_the_step_of_its_currency() {
        let is_accepted = |amount, currency| check_amount("amount", amount, currency).is_ok();
        for (amount, currency) in [(1, "eur"), (5, "mga"), (500, "isk"), (100, "ugx"), (1_010, "kwd")] {
            assert!(is_accepted(amount, currency), "{amount} {currency}");
        }
        for (amount, currency) in [(5, "isk"), (550, "ugx"), (1_005, "kwd"), (1, "bhd"), (11, "tnd")] {
            assert!(!is_accepted(amount, currency), "{amount} {currency}");
        }
    }

    #[test]
    fn charge_has_a_minimum() {
        for (minimum, currency) in [(50, "eur"), (30, "gbp"), (50, "jpy"), (17_500, "huf"), (1, "mga")] {
            assert!(check_charge(minimum, currency).is_ok(), "{currency}");
            assert!(check_charge(minimum - 1, currency).is_err(), "{currency}");
        }
    }
}
