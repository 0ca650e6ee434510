//! Second factors: an authenticator app, recovery codes, and the second step of a login.

use e2e::{AuthenticatorApp, Customer, EVENTUALLY, KEYS, Shop, TOTP, await_until, claims, unique, unique_email};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const MFA: &str = "/api/v1/auth/mfa";
const CONFIRM: &str = "/api/v1/auth/mfa/totp/confirm";
const RECOVERY: &str = "/api/v1/auth/mfa/recovery-codes";
const STEP_UP: &str = "/api/v1/auth/step-up";
/// `SecondFactorsPerAccount` of the test stack, per minute.
const PROOFS: usize = 12;

fn token(answer: &Value) -> &str {
    answer["accessToken"].as_str().unwrap_or_else(|| panic!("a login should give a token: {answer}"))
}

fn recovery_codes(added: &Value) -> Vec<String> {
    let codes = added["recoveryCodes"].as_array().unwrap_or_else(|| panic!("there should be codes: {added}"));
    codes.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect()
}

fn code(code: &str) -> Value {
    json!({ "code": code })
}

/// Has this session ended for `auth`?
async fn is_over(shop: &Shop, token: &str) -> bool {
    shop.anonymous().with_token(token).get("/api/v1/auth/me").await.status == 401
}

#[tokio::test]
async fn app_is_added_in_two_steps_and_ends_the_sessions_from_before() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let other = shop.logs_in(&ada.email, &ada.password).await;
    ada.api.post(CONFIRM, &code("123456")).await.expect_problem(409, "totp_not_pending");
    let enrolled = ada.api.post(TOTP, &json!({})).await.expect(200).json();
    let app = AuthenticatorApp::of(&ada, &enrolled);
    let uri = enrolled["uri"].as_str().unwrap_or_default();
    assert!(uri.starts_with("otpauth://totp/") && uri.contains("&algorithm=SHA1&digits=6&period=30"), "{uri}");
    let row = shop.rows.reads("identity", &format!("MFA#{}", ada.id()), "TOTP#PENDING").await.to_string();
    assert!(!row.contains(enrolled["secret"].as_str().unwrap_or("no secret")), "{row}");
    // A login needs no second factor until a code has confirmed it.
    shop.logs_in(&ada.email, &ada.password).await;
    ada.api.post(CONFIRM, &code(&app.wrong_code())).await.expect_problem(403, "invalid_mfa_code");
    ada.api.post(CONFIRM, &json!({})).await.expect_refusal(422);
    let added = ada.api.post(CONFIRM, &code(&app.code(0))).await.expect(200).json();
    assert_eq!(recovery_codes(&added).len(), 10, "{added}");

    for ended in [token(&ada.welcome), token(&other.welcome)] {
        assert!(is_over(&shop, ended).await, "a session from before should have ended");
    }
    let ada = ada.through(&shop.anonymous().with_token(token(&added)));
    let marks = claims(token(&added))["amr"].clone();
    assert_eq!(marks, json!(["pwd", "otp", "mfa"]));
    let shown = ada.api.get(MFA).await.expect(200).json();
    assert!(shown["totp"]["createdAt"].is_string(), "{shown}");
    assert_eq!((&shown["passkeys"], &shown["recoveryCodesLeft"]), (&json!(0), &json!(10)), "{shown}");
    ada.api.post(TOTP, &json!({})).await.expect_problem(409, "totp_already_active");
    ada.api.post(CONFIRM, &code(&app.code(1))).await.expect_problem(409, "totp_already_active");
    ada.tries_to_make_key(json!({ "scopes": ["use_account"] })).await.expect(201);
    shop.mailbox.awaits(&ada.email, &["A second factor was added"]).await;
    let refreshed = json!({ "refreshToken": added["refreshToken"] });
    let refreshed = shop.anonymous().post("/api/v1/auth/refresh", &refreshed).await.expect(200).json();
    assert_eq!(claims(token(&refreshed))["amr"], marks, "a refresh should keep the mark");
}

#[tokio::test]
async fn adding_needs_a_verified_email_a_recent_login_and_no_key() {
    let shop = Shop::open().await;
    let eve = shop.new_customer().await;
    eve.api.post(TOTP, &json!({})).await.expect_problem(403, "email_not_verified");
    let ada = shop.new_verified_customer().await;
    let robot = ada.makes_key(&["use_account"]).await;
    let mut old = claims(token(&ada.welcome));
    old["auth_time"] = json!(1_700_000_000);
    let old = shop.anonymous().with_token(&shop.signs_token(&old, |_| ()).await);
    let routes = [(Method::POST, TOTP), (Method::POST, CONFIRM), (Method::DELETE, TOTP), (Method::POST, RECOVERY)];
    for (method, path) in routes {
        let send = async |api: &e2e::Api| api.call(method.clone(), path).json(&code("123456")).send().await;
        send(&old).await.expect_problem(403, "recent_login_required");
        send(&robot.api).await.expect_problem(403, "login_required");
        send(&shop.anonymous()).await.expect_problem(401, "unauthenticated");
    }
    robot.api.get(MFA).await.expect_problem(403, "login_required");
    ada.api.delete(TOTP).await.expect_problem(404, "not_found");
    ada.api.post(RECOVERY, &json!({})).await.expect_problem(409, "no_second_factor");
}

#[tokio::test]
async fn login_needs_the_password_and_a_code_that_is_used_once() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (app, ada, _) = shop.adds_app(&ada).await;
    let problem = shop.tries_password(&ada).await.expect_problem(403, "mfa_required");
    assert_eq!(problem.body["methods"], json!(["totp", "recovery_code"]), "{}", problem.body);
    assert!(problem.body["accessToken"].is_null(), "{}", problem.body);
    let mfa_token = shop.mfa_token(&ada).await;
    for bad in [json!({}), json!({ "code": "123456", "recoveryCode": "AAAA" })] {
        shop.tries_factor(&mfa_token, bad).await.expect_fault("code", "one_proof_required");
    }
    for bad in ["", "12345", "1234567", "abcdef", &app.wrong_code()] {
        shop.tries_factor(&mfa_token, code(bad)).await.expect_problem(401, "invalid_mfa_code");
    }
    let mfa_token = shop.mfa_token(&ada).await;
    shop.tries_factor(&mfa_token, code(&app.used)).await.expect_problem(401, "invalid_mfa_code").mentions("before");
    let next = app.code(1);
    let login = shop.tries_factor(&mfa_token, code(&next)).await.expect(200);
    login.expect_header("ratelimit-remaining");
    let login = login.json();
    assert_eq!(claims(token(&login))["amr"], json!(["pwd", "otp", "mfa"]));
    assert!(login["deviceToken"].is_string() && login["user"]["email"] == json!(ada.email), "{login}");

    shop.tries_factor(&mfa_token, code(&next)).await.expect_problem(401, "invalid_mfa_token");
    shop.tries_factor("no token", code(&next)).await.expect_problem(401, "invalid_mfa_token");
    let another = shop.mfa_token(&ada).await;
    shop.tries_factor(&another, code(&next)).await.expect_problem(401, "invalid_mfa_code");
}

#[tokio::test]
async fn token_of_a_login_allows_five_proofs_and_ends_with_all_sessions() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (app, ada, _) = shop.adds_app(&ada).await;
    shop.forgets_codes(&app).await;
    let (mfa_token, later) = (shop.mfa_token(&ada).await, shop.mfa_token(&ada).await);
    for _ in 0..5 {
        shop.tries_factor(&mfa_token, code(&app.wrong_code())).await.expect_problem(401, "invalid_mfa_code");
    }
    shop.tries_factor(&mfa_token, code(&app.code(0))).await.expect_problem(401, "invalid_mfa_token");
    ada.api.post("/api/v1/auth/logout-everywhere", &json!({})).await.expect(204);
    shop.tries_factor(&later, code(&app.code(0))).await.expect_problem(401, "invalid_mfa_token");
    let mfa_token = shop.mfa_token(&ada).await;
    shop.tries_factor(&mfa_token, code(&app.code(0))).await.expect(200);
}

#[tokio::test]
async fn one_code_begins_one_session_however_many_requests_send_it() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (app, ada, added) = shop.adds_app(&ada).await;
    let mut tokens = Vec::new();
    for _ in 0..10 {
        tokens.push(shop.mfa_token(&ada).await);
    }
    let next = code(&app.code(1));
    let answers = join_all(tokens.iter().map(|token| shop.tries_factor(token, next.clone()))).await;
    let begun = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.text.contains("invalid_mfa_code")).count();
    assert_eq!((begun, refused), (1, 9), "{answers:#?}");

    // And one token begins one session, whatever proofs come with it.
    let ada = shop.new_verified_customer().await;
    let (_, ada, added_again) = shop.adds_app(&ada).await;
    let mfa_token = shop.mfa_token(&ada).await;
    let codes = recovery_codes(&added_again);
    let proofs = codes.iter().take(4).map(|code| shop.tries_factor(&mfa_token, json!({ "recoveryCode": code })));
    let answers = join_all(proofs).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:#?}");
    assert_eq!(recovery_codes(&added).len(), 10);
}

#[tokio::test]
async fn thief_of_a_password_gets_no_more_proofs_by_more_logins() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (app, ada, _) = shop.adds_app(&ada).await;
    let thief = shop.from_new_ip();
    let password = json!({ "email": ada.email, "password": ada.password });
    let mut proofs = 0;
    'logins: for _ in 0..PROOFS {
        let login = thief.post("/api/v1/auth/login", &password).await.expect_problem(403, "mfa_required");
        for _ in 0..5 {
            let body = json!({ "mfaToken": login.body["mfaToken"], "code": app.wrong_code() });
            let answer = thief.post("/api/v1/auth/login/mfa", &body).await;
            if answer.status == 429 {
                answer.expect_problem(429, "rate_limited");
                break 'logins;
            }
            answer.expect_problem(401, "invalid_mfa_code");
            proofs += 1;
        }
    }
    assert!((PROOFS / 2..=2 * PROOFS).contains(&proofs), "{proofs} proofs were allowed");
    // The owner's known network has a counter of its own.
    let mfa_token = shop.mfa_token(&ada).await;
    shop.tries_factor(&mfa_token, code(&app.code(1))).await.expect(200);
}

#[tokio::test]
async fn recovery_code_is_used_once_and_new_ones_replace_the_old() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (_, ada, added) = shop.adds_app(&ada).await;
    let codes = recovery_codes(&added);
    let mfa_token = shop.mfa_token(&ada).await;
    for bad in ["", "AAAA-AAAA-AAAA-AAAA", "no code"] {
        shop.tries_factor(&mfa_token, json!({ "recoveryCode": bad })).await.expect_problem(401, "invalid_mfa_code");
    }
    let typed = codes[0].to_lowercase().replace('-', " ");
    let login = shop.tries_factor(&mfa_token, json!({ "recoveryCode": typed })).await.expect(200).json();
    let ada = ada.through(&shop.anonymous().with_token(token(&login)));
    let left = async |ada: &Customer| ada.api.get(MFA).await.expect(200).json()["recoveryCodesLeft"].clone();
    assert_eq!(left(&ada).await, 9);
    shop.mailbox.awaits(&ada.email, &["A recovery code of your account was used"]).await;
    let mfa_token = shop.mfa_token(&ada).await;
    let used = json!({ "recoveryCode": codes[0] });
    shop.tries_factor(&mfa_token, used).await.expect_problem(401, "invalid_mfa_code");

    let replaced = ada.api.post(RECOVERY, &json!({})).await.expect(200).json();
    assert_eq!(left(&ada).await, 10);
    shop.tries_factor(&mfa_token, json!({ "recoveryCode": codes[1] })).await.expect_problem(401, "invalid_mfa_code");
    let fresh = recovery_codes(&replaced);
    shop.tries_factor(&mfa_token, json!({ "recoveryCode": fresh[0] })).await.expect(200);
    let row = shop.rows.reads("identity", &format!("MFA#{}", ada.id()), "RECOVERY").await.to_string();
    assert!(!row.contains(&fresh[1].replace('-', "")), "{row}");
}

#[tokio::test]
async fn sign_in_with_a_provider_needs_the_second_factor_too() {
    let shop = Shop::open().await;
    let (subject, email) = (unique("mfa"), unique_email("mfa"));
    shop.google_knows_owner(&subject, &email).await;
    let signed_in = shop.browser().signs_in_with_google(&subject).await.expect_code();
    let welcome = shop.redeems(&signed_in).await.expect(200).json();
    let mut grace = shop.new_customer().await;
    (grace.api, grace.email) = (shop.anonymous().with_token(token(&welcome)), email);
    grace.welcome = welcome;
    let (app, ..) = shop.adds_app(&grace).await;

    let signed_in = shop.browser().signs_in_with_google(&subject).await.expect_code();
    let problem = shop.redeems(&signed_in).await.expect_problem(403, "mfa_required");
    let mfa_token = problem.body["mfaToken"].as_str().unwrap_or_default();
    shop.redeems(&signed_in).await.expect_problem(401, "invalid_code");
    shop.tries_factor(mfa_token, code(&app.wrong_code())).await.expect_problem(401, "invalid_mfa_code");
    let login = shop.tries_factor(mfa_token, code(&app.code(1))).await.expect(200).json();
    assert_eq!(claims(token(&login))["amr"], json!(["otp", "mfa"]));
}

#[tokio::test]
async fn reset_of_the_password_keeps_the_second_factor() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (app, ada, _) = shop.adds_app(&ada).await;
    let reset = shop.resets(&ada.email, 1).await;
    let mut ada = ada;
    ada.password = unique("another long password");
    let body = json!({ "token": reset, "newPassword": ada.password });
    shop.anonymous().post("/api/v1/auth/reset-password/confirm", &body).await.expect(204);
    let mfa_token = shop.mfa_token(&ada).await;
    shop.tries_factor(&mfa_token, code(&app.code(1))).await.expect(200);
}

#[tokio::test]
async fn step_up_of_an_account_with_a_second_factor_proves_that_one() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    ada.api.post(STEP_UP, &code("123456")).await.expect_problem(409, "no_second_factor");
    let (app, ada, added) = shop.adds_app(&ada).await;
    let mut old = claims(token(&added));
    old["auth_time"] = json!(1_700_000_000);
    let old = shop.anonymous().with_token(&shop.signs_token(&old, |_| ()).await);
    let key = json!({ "name": "Robot", "scopes": ["use_account"] });
    old.post(KEYS, &key).await.expect_problem(403, "recent_login_required");
    old.post(STEP_UP, &json!({ "password": ada.password })).await.expect_problem(409, "second_factor_required");
    old.post(STEP_UP, &json!({})).await.expect_fault("password", "one_proof_required");
    old.post(STEP_UP, &code(&app.wrong_code())).await.expect_problem(403, "invalid_mfa_code");
    old.post(STEP_UP, &code(&app.used)).await.expect_problem(403, "invalid_mfa_code");
    let next = app.code(1);
    let stepped_up = old.post(STEP_UP, &code(&next)).await.expect(200).json();
    assert_eq!(claims(token(&stepped_up))["amr"], json!(["pwd", "otp", "mfa"]));
    shop.anonymous().with_token(token(&stepped_up)).post(KEYS, &key).await.expect(201);
    old.post(STEP_UP, &code(&next)).await.expect_problem(403, "invalid_mfa_code");
}

#[tokio::test]
async fn change_of_the_password_does_not_make_the_login_recent() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (_, ada, added) = shop.adds_app(&ada).await;
    let sid = claims(token(&added))["sid"].as_str().unwrap_or_default().to_owned();
    let past = json!({ "S": "2026-01-01T00:00:00.000Z" });
    let (user, session) = (format!("USER#{}", ada.id()), format!("SESSION#{sid}"));
    shop.rows.sets("identity", &user, &session, "authTime", past).await;
    let body = json!({ "oldPassword": ada.password, "newPassword": unique("a new password") });
    let changed = ada.api.put("/api/v1/auth/password", &body).await.expect(200).json();
    let api = shop.anonymous().with_token(token(&changed));
    assert_eq!(claims(token(&changed))["amr"], json!(["pwd", "otp", "mfa"]));
    let key = json!({ "name": "Robot", "scopes": ["use_account"] });
    api.post(KEYS, &key).await.expect_problem(403, "recent_login_required");
}

#[tokio::test]
async fn removed_app_is_needed_no_more_and_takes_its_recovery_codes_along() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (app, ada, _) = shop.adds_app(&ada).await;
    let mfa_token = shop.mfa_token(&ada).await;
    ada.api.delete(TOTP).await.expect(204);
    shop.mailbox.awaits(&ada.email, &["A second factor was removed"]).await;
    shop.tries_factor(&mfa_token, code(&app.code(1))).await.expect_problem(401, "invalid_mfa_token");
    let row = shop.rows.reads("identity", &format!("MFA#{}", ada.id()), "RECOVERY").await;
    assert!(row.is_null(), "{row}");
    let shown = ada.api.get(MFA).await.expect(200).json();
    assert_eq!(shown, json!({ "passkeys": 0, "recoveryCodesLeft": 0 }));
    let again = shop.logs_in(&ada.email, &ada.password).await;
    // Another app has another secret.
    let (other, again, _) = shop.adds_app(&again).await;
    assert_ne!(other.code(1), app.code(1));
    shop.forgets_codes(&other).await;
    let mfa_token = shop.mfa_token(&again).await;
    shop.tries_factor(&mfa_token, code(&other.code(0))).await.expect(200);
}

#[tokio::test]
async fn login_at_the_moment_of_the_first_factor_leaves_no_session_without_it() {
    let shop = Shop::open().await;
    for _ in 0..6 {
        let ada = shop.new_verified_customer().await;
        let enrolled = ada.api.post(TOTP, &json!({})).await.expect(200).json();
        let app = AuthenticatorApp::of(&ada, &enrolled);
        let confirmation = code(&app.code(0));
        let logins = join_all((0..4).map(|_| shop.tries_password(&ada)));
        let (confirmed, logins) = tokio::join!(ada.api.post(CONFIRM, &confirmation), logins);
        confirmed.expect(200);
        for login in logins {
            match login.status {
                200 => {
                    let login = login.json();
                    assert!(is_over(&shop, token(&login)).await, "a session without the factor should be over");
                    let refresh = json!({ "refreshToken": login["refreshToken"] });
                    shop.anonymous().post("/api/v1/auth/refresh", &refresh).await.expect_refusal(401);
                }
                403 => drop(login.expect_problem(403, "mfa_required")),
                _ => drop(login.expect_problem(409, "too_many_concurrent_updates")),
            }
        }
    }
}

#[tokio::test]
async fn second_factors_are_exported_without_secrets_and_erased_with_the_account() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let (_, ada, _) = shop.adds_app(&ada).await;
    let export = shop.exports_personal_data(&ada).await;
    let kinds: Vec<_> = export["secondFactors"].as_array().into_iter().flatten().map(|f| f["kind"].clone()).collect();
    assert_eq!(kinds, ["recovery_codes", "totp"], "{export}");
    assert!(!export["secondFactors"].to_string().contains("secret"), "{export}");
    ada.api.call(Method::DELETE, "/api/v1/users/profile").json(&json!({})).send().await.expect(202);
    let partition = format!("MFA#{}", ada.id());
    await_until("the second factors are erased", EVENTUALLY, async || {
        for sk in ["TOTP", "RECOVERY"] {
            let row = shop.rows.reads("identity", &partition, sk).await;
            if !row.is_null() {
                return Err(row.to_string());
            }
        }
        Ok(())
    })
    .await;
}
