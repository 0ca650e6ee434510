//! The allowed changes of an intent.

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
fn payment_is_authorised_captured_and_refunded() {
    let (mut intent, mut ids) = intent("pm_card_visa");
    assert_eq!(intent.confirm(None, &mut ids), Ok(Confirmation::Accepted));
    assert_eq!((intent.status, intent.capturable(), intent.received()), (Status::RequiresCapture, 1000, 0));
    assert_eq!(intent.capture(Some(700)), Ok(()));
    assert_eq!((intent.status, intent.capturable(), intent.received()), (Status::Succeeded, 0, 700));
    assert!(intent.refund(Some(300)).is_ok());
    assert!(intent.refund(None).is_ok_and(|(_, amount)| amount == 400));
    let all = ["created", "confirmed", "authorised", "captured", "voided", "refunded", "refunded"];
    assert_eq!(history(&intent), all, "the rest is voided");
}

#[test]
fn capture_and_refund_are_limited() {
    let (mut intent, mut ids) = intent("pm_card_visa");
    assert!(matches!(intent.capture(None), Err(Refusal::State(_))), "nothing is authorised yet");
    assert!(matches!(intent.refund(None), Err(Refusal::State(_))), "nothing is captured yet");
    assert!(intent.confirm(None, &mut ids).is_ok());
    assert!(matches!(intent.capture(Some(1001)), Err(Refusal::Amount("amount_too_large", ..))));
    assert!(intent.capture(None).is_ok());
    assert!(matches!(intent.capture(None), Err(Refusal::State(_))), "a payment is captured once");
    assert!(matches!(intent.refund(Some(1001)), Err(Refusal::Amount("amount_too_large", ..))));
    assert!(intent.refund(None).is_ok());
    assert!(matches!(intent.refund(Some(1)), Err(Refusal::Amount("charge_already_refunded", ..))));
}

#[test]
fn declined_card_is_removed_and_another_card_succeeds() {
    let (mut intent, mut ids) = intent("pm_card_chargeDeclined");
    assert!(matches!(intent.confirm(None, &mut ids), Ok(Confirmation::Declined(_))));
    assert_eq!(intent.status, Status::RequiresPaymentMethod);
    assert!(matches!(intent.confirm(None, &mut ids), Err(Refusal::State(_))), "the declined card is removed");
    assert_eq!(intent.confirm(Card::parse("pm_card_visa").ok(), &mut ids), Ok(Confirmation::Accepted));
    assert_eq!(intent.charges.iter().filter(|charge| charge.state == ChargeState::Authorised).count(), 1);
}

#[test]
fn cancellation_voids_held_money_and_fails_after_a_capture() {
    let (mut held, mut ids) = intent("pm_card_visa");
    assert!(held.confirm(None, &mut ids).is_ok());
    assert!(held.cancel(None).is_ok());
    assert_eq!((held.status, held.capturable()), (Status::Canceled, 0));
    assert!(matches!(held.capture(None), Err(Refusal::State(_))));
    assert!(matches!(held.cancel(None), Err(Refusal::State(_))), "an intent is cancelled once");
    assert!(matches!(held.confirm(None, &mut ids), Err(Refusal::State(_))));

    let (mut captured, mut ids) = intent("pm_card_visa");
    assert!(captured.confirm(None, &mut ids).is_ok());
    assert!(captured.capture(None).is_ok());
    assert!(matches!(captured.cancel(None), Err(Refusal::State(_))));
}

#[test]
fn customer_authenticates_before_the_authorisation() {
    let (mut intent, mut ids) = intent("pm_card_authenticationRequired");
    assert!(intent.confirm(None, &mut ids).is_ok());
    assert_eq!((intent.status, intent.capturable()), (Status::RequiresAction, 0));
    assert!(matches!(intent.confirm(None, &mut ids), Err(Refusal::State(_))), "a second confirmation is refused");
    assert!(intent.authenticated(true, &mut ids).is_ok());
    assert_eq!((intent.status, intent.capturable()), (Status::RequiresCapture, 1000));
}

#[test]
fn held_amount_is_the_authorised_amount() {
    let (mut intent, mut ids) = intent("pm_test_amount_plus_1");
    assert_eq!(intent.amount, 1000, "before the confirmation");
    assert!(intent.confirm(None, &mut ids).is_ok());
    assert_eq!((intent.amount, intent.capturable()), (1001, 1001));
    assert!(intent.cancel(None).is_ok());
    let voided = intent.history.iter().find(|line| line.what == "voided");
    assert_eq!(voided.and_then(|line| line.amount), Some(1001));
}

#[test]
fn next_card_is_charged_with_the_draft_amount() {
    let (mut intent, mut ids) = intent("pm_card_authenticationRequired");
    assert!(intent.confirm(Card::parse("pm_test_currency_usd").ok(), &mut ids).is_ok());
    assert_eq!(intent.currency, "usd");
    let (mut declined, mut ids) = self::intent("pm_test_amount_plus_1");
    assert!(declined.confirm(Card::parse("pm_card_chargeDeclined").ok(), &mut ids).is_ok());
    assert!(declined.confirm(Card::parse("pm_card_visa").ok(), &mut ids).is_ok());
    assert_eq!((declined.amount, declined.currency.as_str()), (1000, "eur"));
}
