//! The operations of second factors.

use http_kit::openapi::{Access, Api, RECENT_LOGIN};
use identity::{FactorAdded, FactorsView, NewRecoveryCodes, NewTotp, UserWithTokens};

use crate::openapi::texts::SUSPENDED;
use crate::second_factor_bodies::{Code, LoginMfa};

pub(super) fn second_factors(api: &mut Api) {
    log_in(api);
    totp(api);
    api.operation("get", "/api/v1/auth/mfa", Access::Session, "showSecondFactors", "Read your second factors")
        .answer::<FactorsView>(200, "Your second factors.")
        .done();
    api.operation(
        "post",
        "/api/v1/auth/mfa/recovery-codes",
        Access::Session,
        "replaceRecoveryCodes",
        "Replace the recovery codes",
    )
    .describe("All earlier codes become invalid. Needs a recent login.")
    .answer::<NewRecoveryCodes>(200, "The new codes. Only this answer contains them.")
    .error(403, RECENT_LOGIN)
    .error(409, "`no_second_factor`; `too_many_concurrent_updates`.")
    .done();
}

fn log_in(api: &mut Api) {
    api.operation("post", "/api/v1/auth/login/mfa", Access::Open, "loginMfa", "Prove the second factor of a login")
        .describe(
            "The second step of a login or a sign-in that was answered with 403 `mfa_required`. A token is valid for five minutes, for \
             five proofs, and for one login. A code of an app and a recovery code can be used once.",
        )
        .body::<LoginMfa>()
        .answer::<UserWithTokens>(200, "A new session with its tokens, as of a login.")
        .error(
            401,
            "`invalid_mfa_token`: the token is used, expired or unknown, or had five proofs; log in again. `invalid_mfa_code`: the code \
             is wrong or was used before. `passkey_invalid`.",
        )
        .error(403, SUSPENDED)
        .error(
            409,
            "`too_many_concurrent_updates`: the account was suspended, or its sessions ended, during the login.",
        )
        .done();
}

fn totp(api: &mut Api) {
    api.operation("post", "/api/v1/auth/mfa/totp", Access::Session, "enrolTotp", "Add an authenticator app")
        .describe(
            "Gives the secret for an app (RFC 6238: SHA-1, 6 digits, 30 seconds). It becomes valid when a first code confirms it, within \
             15 minutes. Needs a recent login and a verified email address.",
        )
        .answer::<NewTotp>(200, "The secret. Only this answer contains it.")
        .error(403, &format!("`email_not_verified`. `account_suspended`. {RECENT_LOGIN}"))
        .error(409, "`totp_already_active`: the account has an app; remove it first.")
        .done();
    api.operation(
        "post",
        "/api/v1/auth/mfa/totp/confirm",
        Access::Session,
        "confirmTotp",
        "Confirm an authenticator app",
    )
    .describe(
        "From then on a login needs a second factor. The account's first second factor also brings ten recovery codes, and ends all \
         sessions, because they began without it: the answer has the tokens of a new one, which takes the place of this one.",
    )
    .body::<Code>()
    .answer::<FactorAdded>(200, "The app is valid. Only this answer contains the recovery codes.")
    .error(403, &format!("`invalid_mfa_code`. `email_not_verified`. `account_suspended`. {RECENT_LOGIN}"))
    .error(409, "`totp_not_pending`: begin again. `totp_already_active`. `too_many_concurrent_updates`.")
    .done();
    api.operation("delete", "/api/v1/auth/mfa/totp", Access::Session, "removeTotp", "Remove the authenticator app")
        .describe("The removal of the last second factor also deletes the recovery codes. Needs a recent login.")
        .answer_empty(204, "The app is removed.")
        .error(403, RECENT_LOGIN)
        .error(404, "There is no authenticator app.")
        .error(
            409,
            "`second_factor_required`: admins of this shop keep a second factor; add another one first. \
             `too_many_concurrent_updates`.",
        )
        .done();
}
