//! The operations of passkeys in the OpenAPI document.

use http_kit::openapi::{Access, Api, RECENT_LOGIN};
use identity::{NewPasskey, PasskeyCreation, PasskeyIn, PasskeyRequest, PasskeyView, UserWithTokens};
use values::schema::PasskeyId;

use crate::openapi::texts::SUSPENDED;
use crate::passkeys::LoginWithPasskey;

const INVALID: &str = "`passkey_invalid`: the challenge was used or has expired, the page or the domain is another one, the device has \
    not verified its owner, or there is no such passkey with this signature.";

/// Adds the operations.
pub(super) fn passkeys(api: &mut Api) {
    management(api);
    login(api);
}

fn management(api: &mut Api) {
    api.operation("post", "/api/v1/auth/passkeys/options", Access::Session, "beginPasskey", "Begin to add a passkey")
        .describe(
            "The answer is for `navigator.credentials.create` and lasts five minutes. The device must store the passkey and verify \
             its owner by a PIN or biometrics (Web Authentication, level 2). Needs a recent login and a verified email address.",
        )
        .answer::<PasskeyCreation>(200, "The options, with a challenge that can be used once.")
        .error(403, &format!("`email_not_verified`. `account_suspended`. {RECENT_LOGIN}"))
        .error(409, "`too_many_passkeys`: an account has at most 10.")
        .done();
    api.operation("post", "/api/v1/auth/passkeys", Access::Session, "addPasskey", "Add a passkey")
        .describe(
            "From now on, logins of the account need a second factor. The account's first one brings recovery codes, and the tokens of a new \
             session: all other sessions end. Attestation is not asked for and not checked.",
        )
        .body::<PasskeyIn>()
        .answer::<NewPasskey>(201, "The passkey, and with the account's first second factor also `recoveryCodes` and tokens.")
        .error(403, &format!("`email_not_verified`. `account_suspended`. {RECENT_LOGIN}"))
        .error(409, "`passkey_exists`; `too_many_passkeys`; `too_many_concurrent_updates`.")
        .error(
            422,
            "`passkey_invalid`: the challenge was used, has expired or is another account's, the page or the domain is another one, the \
             device has not verified its owner, or the key has another algorithm. `validation_failed` with the fields at fault.",
        )
        .done();
    api.operation("get", "/api/v1/auth/passkeys", Access::Session, "listPasskeys", "List passkeys")
        .describe("The account's passkeys, newest first: at most 10. Needs a login session.")
        .answer_page::<PasskeyView>("The passkeys; all of them are on one page.")
        .done();
    api.operation("delete", "/api/v1/auth/passkeys/{id}", Access::Session, "removePasskey", "Remove a passkey")
        .describe("With the last second factor, the recovery codes are deleted too. Needs a recent login.")
        .path_param::<PasskeyId>("id", "The passkey.")
        .answer_empty(204, "The passkey is removed.")
        .error(403, RECENT_LOGIN)
        .error(409, "`second_factor_required`: an admin must keep one. `too_many_concurrent_updates`.")
        .done();
}

fn login(api: &mut Api) {
    api.operation(
        "post",
        "/api/v1/auth/passkeys/login/options",
        Access::Open,
        "beginPasskeyLogin",
        "Begin a login with a passkey",
    )
    .tag("auth")
    .describe(
        "The answer is for `navigator.credentials.get` and lasts five minutes. Its result can be sent to \
         `POST /auth/passkeys/login`, or as `passkey` to `POST /auth/login/mfa` or `POST /auth/step-up`. It names no account.",
    )
    .answer::<PasskeyRequest>(200, "The options, with a challenge that can be used once.")
    .done();
    api.operation("post", "/api/v1/auth/passkeys/login", Access::Open, "loginWithPasskey", "Log in with a passkey")
        .tag("auth")
        .describe(
            "A passkey is two factors: the device, and the PIN or biometrics of its owner. Nothing else is asked for.",
        )
        .body::<LoginWithPasskey>()
        .answer::<UserWithTokens>(200, "A new session with its tokens.")
        .error(401, INVALID)
        .error(403, SUSPENDED)
        .error(
            409,
            "`too_many_concurrent_updates`: the account was suspended, or its sessions ended, during the login.",
        )
        .done();
}
