//! The operations of this function in the OpenAPI document.

use http_kit::openapi::{Access, Api, RECENT_LOGIN};
use identity::{LinkView, Provider};

use crate::requests::{BeginQuery, CallbackQuery};

const PROVIDER: &str = "The provider.";

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    api.operation(
        "get",
        "/api/v1/auth/oauth/{provider}",
        Access::Open,
        "beginSignIn",
        "Sign in with Google or GitHub",
    )
    .describe(
        "For a browser, not for a program. The browser is sent to the provider and at the end to `redirect`, with a one-time \
         `code` or with an `error`. The code is valid for one minute; exchange it at `/auth/oauth/token`. The error is \
         `access_denied`, `provider_refused`, `provider_unavailable`, `email_not_verified`, `password_required` (an admin's \
         account is never linked by its email address), `account_suspended`, `already_linked`, `too_many_concurrent_updates`, \
         `unavailable` or `internal`. A cookie binds the sign-in to the browser for ten minutes.",
    )
    .path_param::<Provider>("provider", PROVIDER)
    .queries::<BeginQuery>()
    .answer_empty(302, "Redirect to the provider.")
    .header(302, "Location")
    .header(302, "Set-Cookie")
    .error(404, "`provider_not_configured`; `not_found` for an unknown provider.")
    .error(422, "`redirect_not_allowed` or `validation_failed`. The browser is not redirected.")
    .error(503, "`provider_unavailable` or `unavailable`.")
    .done();
    api.operation(
        "get",
        "/api/v1/auth/oauth/{provider}/callback",
        Access::Open,
        "endSignIn",
        "Complete a sign-in with a provider",
    )
    .describe(
        "The account is found by its link to the user at the provider. Without a link, it is found by the email address, if the \
         provider has verified it: that account is linked, or a new one is created. If the account had not verified its email \
         address, linking removes its password and ends its sessions, because another person may have created it.",
    )
    .path_param::<Provider>("provider", PROVIDER)
    .queries::<CallbackQuery>()
    .answer_empty(
        302,
        "Redirect to the page of the front end, with `code` or `error`, and with `state` if it was sent at the start.",
    )
    .header(302, "Location")
    .header(302, "Set-Cookie")
    .error(
        400,
        "`oauth_state_invalid`: the sign-in did not start in this browser, or it has expired. The browser is not redirected. \
         `ambiguous_credentials`.",
    )
    .done();
    api.operation("get", "/api/v1/auth/oauth/links", Access::Session, "listLinks", "List sign-in links")
        .answer_page::<LinkView>("All links of the account, at most one for each provider.")
        .done();
    api.operation("delete", "/api/v1/auth/oauth/links/{provider}", Access::Session, "unlink", "Unlink a provider")
        .describe(
            "Needs a recent login. The next sign-in with this provider links it again if the email addresses are the same.",
        )
        .error(403, RECENT_LOGIN)
        .path_param::<Provider>("provider", PROVIDER)
        .answer_empty(204, "The link is deleted.")
        .error(409, "`last_way_in`: the account has no password and no other link; `too_many_concurrent_updates`.")
        .done();
}
