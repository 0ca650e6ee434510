//! Neither the response of a login nor its time tells whether an email address has an account.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use e2e::{Customer, Shop, unique_email};
use serde_json::json;

const PAIRS: usize = 40;
/// Few enough attempts for each account to stay below the limit.
const ACCOUNTS: usize = 8;
/// The maximum difference of the two medians, as a part of the smaller one.
const MOST_APART: f64 = 0.25;

/// Sends a wrong password from a network of its own; returns the time of the response.
async fn fails(shop: &Shop, email: &str) -> Duration {
    let place = shop.from_new_ip();
    let body = json!({ "email": email, "password": "not the password" });
    let start = Instant::now();
    let response = place.post("/api/v1/auth/login", &body).await;
    let took = start.elapsed();
    response.expect_problem(401, "invalid_credentials");
    took
}

fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2].as_secs_f64()
}

/// The probability that one of the first is slower than one of the second: 0.5 if nothing tells them apart (Mann-Whitney U).
fn slower(first: &[Duration], second: &[Duration]) -> f64 {
    let won = first.iter().flat_map(|one| second.iter().map(move |other| one > other)).filter(|won| *won).count();
    won as f64 / (first.len() * second.len()) as f64
}

#[tokio::test]
async fn login_time_does_not_disclose_accounts() {
    // Alone: other tests would change the times.
    let shop = Shop::open_alone().await;
    let mut customers: Vec<Customer> = Vec::new();
    for _ in 0..ACCOUNTS {
        customers.push(shop.new_customer().await);
    }
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    eprintln!("seed {seed}");
    let mut state = u64::from(seed) | 1;
    let mut coin = || {
        // Marsaglia's xorshift decides which of a pair comes first.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state & 1 == 0
    };
    let unknown_email = || unique_email("nobody");
    for customer in &customers {
        fails(&shop, &customer.email).await;
        fails(&shop, &unknown_email()).await;
    }

    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let customer = &customers[pair % ACCOUNTS].email;
        if coin() {
            known.push(fails(&shop, customer).await);
            unknown.push(fails(&shop, &unknown_email()).await);
        } else {
            unknown.push(fails(&shop, &unknown_email()).await);
            known.push(fails(&shop, customer).await);
        }
    }
    let (with, without) = (median(&known), median(&unknown));
    let apart = (with - without).abs() / with.min(without);
    let rank = slower(&known, &unknown);
    eprintln!("medians {:.1} ms and {:.1} ms, {apart:.3} apart; rank {rank:.3}", with * 1e3, without * 1e3);
    assert!(apart < MOST_APART, "seed {seed}: medians {with} s and {without} s");
    // Five standard deviations of 40 versus 40 are a third.
    assert!((0.17..=0.83).contains(&rank), "seed {seed}: an account makes a login slower with probability {rank}");
}
