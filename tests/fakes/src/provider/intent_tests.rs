//! The rules of an intent, without HTTP.

use super::*;

fn intent(token: &str) -> (Intent, Ids) {
    let mut ids = Ids::new();
    let draft = Draft {
        amount: 1000,
        currency: "eur".to_owned(),
        capture_method: CaptureMethod::Manual,
        card: Card::parse(token).ok(),
        metadata: BTreeMap::new(),
        description: None,
        return_url: None,
    };
    let intent = Intent::new(draft, &mut ids);
    (intent, ids)
}

fn history(intent: &Intent) -> Vec<&'static str> {
    intent.history.iter().map(|line| line.what).collect()
}

#[test]
fn money_is_held_then_taken_then_given_back() {
    let (mut intent, mut ids) = intent("pm_card_visa");
    assert_eq!(intent.confirm(None, &mut ids), Ok(Confirmation::Accepted));
    assert_eq!((intent.status, intent.capturable(), intent.received()), (Status::RequiresCapture, 1000, 0));
    assert_eq!(intent.capture(Some(700)), Ok(()));
    assert_eq!((intent.status, intent.capturable(), intent.received()), (Status::Succeeded, 0, 700));
    assert!(intent.refund(Some(300)).is_ok());
    assert!(intent.refund(None).is_ok_and(|(_, amount)| amount == 400));
    let all = ["created", "confirmed", "authorised", "captured", "voided", "refunded", "refunded"];
    assert_eq!(history(&intent), all, "what is not taken is let go");
}

#[test]
fn no_more_is_taken_than_held_and_no_more_given_back_than_taken() {
    let (mut intent, mut ids) = intent("pm_card_visa");
    assert!(matches!(intent.capture(None), Err(Refusal::State(_))), "nothing is held yet");
    assert!(matches!(intent.refund(None), Err(Refusal::State(_))), "nothing is taken yet");
    assert!(intent.confirm(None, &mut ids).is_ok());
    assert!(matches!(intent.capture(Some(1001)), Err(Refusal::Amount("amount_too_large", ..))));
    assert!(intent.capture(None).is_ok());
    assert!(matches!(intent.capture(None), Err(Refusal::State(_))), "it is taken once");
    assert!(matches!(intent.refund(Some(1001)), Err(Refusal::Amount("amount_too_large", ..))));
    assert!(intent.refund(None).is_ok());
    assert!(matches!(intent.refund(Some(1)), Err(Refusal::Amount("charge_already_refunded", ..))));
}

#[test]
fn a_declined_card_is_taken_off_and_another_may_pay() {
    let (mut intent, mut ids) = intent("pm_card_chargeDeclined");
    assert!(matches!(intent.confirm(None, &mut ids), Ok(Confirmation::Declined(_))));
    assert_eq!(intent.status, Status::RequiresPaymentMethod);
    assert!(matches!(intent.confirm(None, &mut ids), Err(Refusal::State(_))), "the refused card is gone");
    assert_eq!(intent.confirm(Card::parse("pm_card_visa").ok(), &mut ids), Ok(Confirmation::Accepted));
    assert_eq!(intent.charges.iter().filter(|charge| charge.state == ChargeState::Authorised).count(), 1);
}

#[test]
fn what_is_held_is_let_go_and_what_is_taken_is_not() {
    let (mut held, mut ids) = intent("pm_card_visa");
    assert!(held.confirm(None, &mut ids).is_ok());
    assert!(held.cancel(None).is_ok());
    assert_eq!((held.status, held.capturable()), (Status::Canceled, 0));
    assert!(matches!(held.capture(None), Err(Refusal::State(_))));
    assert!(matches!(held.cancel(None), Err(Refusal::State(_))), "not twice");
    assert!(matches!(held.confirm(None, &mut ids), Err(Refusal::State(_))));

    let (mut taken, mut ids) = intent("pm_card_visa");
    assert!(taken.confirm(None, &mut ids).is_ok());
    assert!(taken.capture(None).is_ok());
    assert!(matches!(taken.cancel(None), Err(Refusal::State(_))));
}

#[test]
fn the_customer_may_be_asked_first() {
    let (mut intent, mut ids) = intent("pm_card_authenticationRequired");
    assert!(intent.confirm(None, &mut ids).is_ok());
    assert_eq!((intent.status, intent.capturable()), (Status::RequiresAction, 0));
    assert!(matches!(intent.confirm(None, &mut ids), Err(Refusal::State(_))), "asking twice changes nothing");
    assert!(intent.authenticated(true, &mut ids).is_ok());
    assert_eq!((intent.status, intent.capturable()), (Status::RequiresCapture, 1000));
}

#[test]
fn what_the_bank_authorised_is_what_is_held() {
    let (mut intent, mut ids) = intent("pm_test_amount_plus_1");
    assert_eq!(intent.amount, 1000, "until the bank was asked");
    assert!(intent.confirm(None, &mut ids).is_ok());
    assert_eq!((intent.amount, intent.capturable()), (1001, 1001));
    assert!(intent.cancel(None).is_ok());
    let voided = intent.history.iter().find(|line| line.what == "voided");
    assert_eq!(voided.and_then(|line| line.amount), Some(1001));
}

#[test]
fn another_card_is_asked_for_what_was_asked_first() {
    let (mut intent, mut ids) = intent("pm_card_authenticationRequired");
    assert!(intent.confirm(Card::parse("pm_test_currency_usd").ok(), &mut ids).is_ok());
    assert_eq!(intent.currency, "usd");
    let (mut declined, mut ids) = self::intent("pm_test_amount_plus_1");
    assert!(declined.confirm(Card::parse("pm_card_chargeDeclined").ok(), &mut ids).is_ok());
    assert!(declined.confirm(Card::parse("pm_card_visa").ok(), &mut ids).is_ok());
    assert_eq!((declined.amount, declined.currency.as_str()), (1000, "eur"));
}
