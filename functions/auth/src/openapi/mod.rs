//! The operations of this function in the OpenAPI document.

use std::borrow::Cow;

use http_kit::openapi::{Access, Api, RECENT_LOGIN};
use identity::{AccessToken, ApiKeyIn, ApiKeyView, NewApiKey, SessionView, TokenPair, User, UserWithTokens};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use values::schema::{ApiKeyId, SessionId};

use crate::bodies::{ChangePassword, ConfirmReset, Login, Redeem, Refresh, Register, Reset, Verify};
use crate::second_factor_bodies::StepUp;

mod passkeys;
mod second_factors;
mod texts;

use passkeys::passkeys;
use second_factors::second_factors;
use texts::{MFA_REQUIRED, SUSPENDED};

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    // Both are served at two paths.
    register(api, "/api/v1/auth/register", "register");
    register(api, "/api/v1/users/register", "registerUser");
    log_in(api, "/api/v1/auth/login", "login");
    log_in(api, "/api/v1/users/login", "loginUser");
    tokens(api);
    mailed_tokens(api);
    sessions(api);
    api_keys(api);
    second_factors(api);
    passkeys(api);
}

fn register(api: &mut Api, path: &'static str, id: &str) {
    api.operation("post", path, Access::Open, id, "Register an account")
        .tag("auth")
        .body::<Register>()
        .answer::<UserWithTokens>(201, "The account is created. The answer has a new session's tokens.")
        .error(409, "`email_taken`: another account has this email address.")
        .done();
}

fn log_in(api: &mut Api, path: &'static str, id: &str) {
    api.operation("post", path, Access::Open, id, "Log in")
        .tag("auth")
        .body::<Login>()
        .answer::<UserWithTokens>(200, "A new session with its tokens.")
        .error(
            401,
            "`invalid_credentials`: the email address or the password is wrong. An unknown email address gets the same answer in \
             the same time.",
        )
        .error(403, &format!("{MFA_REQUIRED} {SUSPENDED}"))
        .error(
            409,
            "`too_many_concurrent_updates`: the account was suspended, or its sessions ended, during the login.",
        )
        .done();
}

fn tokens(api: &mut Api) {
    api.operation("post", "/api/v1/auth/oauth/token", Access::Open, "redeemCode", "Redeem a sign-in code for tokens")
        .describe("A code can be used once, within a minute. The answer is the same as for a login.")
        .body::<Redeem>()
        .answer::<UserWithTokens>(200, "A new session with its tokens.")
        .error(401, "`invalid_code`: the code is used, expired or unknown.")
        .error(403, &format!("{MFA_REQUIRED} {SUSPENDED}"))
        .done();
    api.operation("post", "/api/v1/auth/refresh", Access::Open, "refresh", "Refresh tokens")
        .describe(
            "A refresh token can be used once. If it is sent again within 10 seconds (a retry after a lost answer), the answer has \
             the same new token.",
        )
        .body::<Refresh>()
        .answer::<TokenPair>(200, "The next access token and refresh token.")
        .error(
            401,
            "`invalid_refresh_token`; `refresh_reused`: the token was used before, so its session has ended.",
        )
        .error(403, SUSPENDED)
        .done();
    api.operation("post", "/api/v1/auth/step-up", Access::Session, "stepUp", "Prove a credential again")
        .describe(
            "What a thief of a session must not do needs a login within the last ten minutes: without one it is 403 \
             `recent_login_required`. A step-up proves the password again, or the second factor of an account that has one. The new \
             access token says when (`auth_time`); the session and its refresh token continue. An account without a password and \
             without a second factor signs in again with its provider.",
        )
        .body::<StepUp>()
        .answer::<AccessToken>(200, "An access token of the same session.")
        .error(
            403,
            "`wrong_password`. `invalid_mfa_code`: the code is wrong or was used before. `passkey_invalid`. `account_suspended`. \
             `login_required`: an API key cannot do this.",
        )
        .error(
            409,
            "`second_factor_required`: the account has a second factor, and the password is not enough. `no_second_factor`. \
             `no_password`: the account has no password. `too_many_concurrent_updates`: the account was suspended, or its \
             sessions ended, during the step-up.",
        )
        .done();
    api.operation("get", "/.well-known/jwks.json", Access::Open, "jwks", "Read the public keys of tokens")
        .tag("auth")
        .answer::<Jwks>(200, "The public keys.")
        .done();
}

fn mailed_tokens(api: &mut Api) {
    api.operation(
        "post",
        "/api/v1/auth/reset-password",
        Access::Open,
        "requestPasswordReset",
        "Request a password reset",
    )
    .describe(
        "The answer and its time are the same whether or not the account exists. The link is valid once, for 30 minutes. A reset \
         makes all earlier links invalid.",
    )
    .body::<Reset>()
    .answer_empty(202, "If an account has this email address, a mail with a link will be sent.")
    .done();
    api.operation(
        "post",
        "/api/v1/auth/reset-password/confirm",
        Access::Open,
        "confirmPasswordReset",
        "Reset a password",
    )
    .describe(
        "Sets the new password, ends all sessions of the account and revokes all its API keys. With `keepApiKeys` the keys stay. A \
         revoked key is refused everywhere within 30 seconds.",
    )
    .body::<ConfirmReset>()
    .answer_empty(204, "The password is changed. Log in with the new one.")
    .error(
        422,
        "`reset_token_invalid`: the token is used, expired or unknown. `validation_failed` with `password_too_short`, \
         `password_too_long` or `password_too_common`: the token stays valid.",
    )
    .error(409, "`too_many_concurrent_updates`: the token stays valid.")
    .done();
    api.operation("put", "/api/v1/auth/password", Access::Session, "changePassword", "Change the password")
        .describe(
            "All sessions of the account end. The answer has the tokens of a new session, which takes the place of this one. API \
             keys stay valid: revoke those that may have leaked. Links that reset the password become invalid.",
        )
        .body::<ChangePassword>()
        .answer::<TokenPair>(200, "The password is changed. The tokens of a new session.")
        .error(403, "`wrong_password`: `oldPassword` is wrong. `account_suspended`. `login_required`: an API key cannot do this.")
        .error(409, "`no_password`: the account has no password; request a reset. `too_many_concurrent_updates`.")
        .error(422, "`validation_failed` with `password_too_short`, `password_too_long` or `password_too_common`.")
        .done();
    api.operation("post", "/api/v1/auth/verify-email", Access::Open, "verifyEmail", "Verify an email address")
        .body::<Verify>()
        .answer_empty(204, "The email address is verified.")
        .error(
            422,
            "`verification_token_invalid`: the token is used, expired or unknown. `validation_failed` with the fields at fault.",
        )
        .done();
    api.operation(
        "post",
        "/api/v1/auth/verify-email/request",
        Access::Session,
        "requestVerification",
        "Request another verification email",
    )
    .describe("A registration sends the first mail. Its link is valid once, for 24 hours.")
    .answer_empty(202, "A mail will be sent, unless the email address is verified already.")
    .done();
}

fn sessions(api: &mut Api) {
    api.operation("post", "/api/v1/auth/logout", Access::Session, "logout", "Log out")
        .answer_empty(204, "The session has ended: at `auth` at once, at all functions within a minute.")
        .done();
    api.operation("post", "/api/v1/auth/logout-everywhere", Access::Session, "logoutEverywhere", "Log out everywhere")
        .describe("Links that reset the password become invalid, too. API keys stay valid.")
        .answer_empty(
            204,
            "All sessions have ended, also this one: at `auth` at once, at all functions within a minute.",
        )
        .error(409, "`too_many_concurrent_updates`.")
        .done();
    api.operation("get", "/api/v1/auth/me", Access::Account, "me", "Read the current account")
        .if_none_match()
        .answer::<User>(200, "Your account.")
        .done();
    api.operation("get", "/api/v1/auth/sessions", Access::Session, "listSessions", "List sessions")
        .answer_page::<SessionView>("Your sessions, newest first.")
        .done();
    api.operation("delete", "/api/v1/auth/sessions/{id}", Access::Session, "endSession", "End a session")
        .path_param::<SessionId>("id", "The id of the session.")
        .answer_empty(204, "The session has ended.")
        .done();
}

fn api_keys(api: &mut Api) {
    api.operation("get", "/api/v1/auth/api-keys", Access::Session, "listApiKeys", "List API keys")
        .describe(
            "Expired keys are listed too. The secret keys themselves are never shown again. Needs a login session.",
        )
        .answer_page::<ApiKeyView>("Your keys, newest first.")
        .done();
    api.operation("post", "/api/v1/auth/api-keys", Access::Session, "createApiKey", "Create an API key")
        .describe(
            "For a program that acts for your account. Needs a recent login and a verified email address (403 \
             `email_not_verified`). Send the key as `X-Api-Key` instead of a token. It may do what both its scopes and your current \
             role allow. An account has at most 20 keys. A password reset revokes all of them, unless it says `keepApiKeys`. The keys of a suspended account are refused until it is active again.",
        )
        .body::<ApiKeyIn>()
        .answer::<NewApiKey>(201, "The key is created. Only this answer contains it, as `key`.")
        .error(403, &format!("`email_not_verified`. {RECENT_LOGIN}"))
        .error(409, "`too_many_api_keys`; `too_many_concurrent_updates`.")
        .error(
            422,
            "`validation_failed` with the fields at fault. A scope gets `scope_unknown`, or `scope_not_allowed` if your account \
             does not have that permission.",
        )
        .done();
    api.operation("delete", "/api/v1/auth/api-keys/{id}", Access::Session, "revokeApiKey", "Revoke an API key")
        .describe(
            "The key is refused at once where it was revoked, and everywhere within 30 seconds. Needs a login session.",
        )
        .path_param::<ApiKeyId>("id", "The id of the key, not the secret key.")
        .answer_empty(204, "The key is revoked.")
        .error(409, "`too_many_concurrent_updates`.")
        .done();
}

/// The schema of the public keys, which are served as they were published.
struct Jwks;

impl JsonSchema for Jwks {
    fn schema_name() -> Cow<'static, str> {
        "Jwks".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A JSON Web Key Set (RFC 7517).",
            "properties": {
                "keys": {
                    "type": "array",
                    "description": "Public keys of Ed25519 (RFC 8037), the current one first.",
                    "items": {
                        "type": "object",
                        "properties": {
                            "kty": { "const": "OKP" },
                            "crv": { "const": "Ed25519" },
                            "alg": { "const": "EdDSA" },
                            "use": { "const": "sig" },
                            "kid": { "type": "string", "description": "The thumbprint of the key (RFC 7638)." },
                            "x": { "type": "string", "description": "The public key, in base64url." },
                        },
                        "required": ["kty", "crv", "alg", "use", "kid", "x"],
                    },
                },
            },
            "required": ["keys"],
        })
    }
}
