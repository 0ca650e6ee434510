//! The operations of this function in the OpenAPI document.

use http_kit::openapi::{Access, Api, RECENT_LOGIN};
use identity::{AddressEntry, AddressIn, User};
use values::schema::{AddressId, JobId, UserId};

use crate::bodies::{AddressReplacement, ListIn, PreferencesIn, PreferencesOut, Profile, RoleIn, StatusIn};
use crate::privacy::{ClosedOut, ExportOut};

const NO_ACCOUNT: &str =
    "`not_found`: the account was deleted, or the token is another issuer's and there is no account here.";
const CONCURRENT: &str = "`too_many_concurrent_updates`.";

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    profile(api);
    exports(api);
    preferences(api);
    addresses(api);
    accounts(api);
}

fn profile(api: &mut Api) {
    api.operation("get", "/api/v1/users/profile", Access::Account, "readProfile", "Read the profile")
        .if_none_match()
        .answer::<User>(200, "Your account.")
        .error(404, NO_ACCOUNT)
        .done();
    api.operation("put", "/api/v1/users/profile", Access::Account, "changeProfile", "Change the name")
        .if_match(false)
        .replacement::<Profile>("Profile")
        .answer::<User>(200, "Your account.")
        .error(404, NO_ACCOUNT)
        .error(409, CONCURRENT)
        .done();
    api.operation("delete", "/api/v1/users/profile", Access::Session, "deleteProfile", "Delete the account")
        .describe(
            "The account is closed at once: no login works, and its email address can be registered again. Its sessions end \
             everywhere within a minute. Its other data is erased within seconds, except what the law requires a shop to keep, such \
             as orders (docs/personal-data.md). Open orders continue. A deletion cannot be undone. Needs a recent login; no body.",
        )
        .error(403, RECENT_LOGIN)
        .answer::<ClosedOut>(202, "The account is closed. The remaining data is being erased.")
        .error(
            409,
            "`admin_account`: an admin's account cannot be deleted; another admin must change its role first. \
             `too_many_concurrent_updates`: try again.",
        )
        .done();
}

fn exports(api: &mut Api) {
    api.operation(
        "post",
        "/api/v1/users/profile/export",
        Access::Session,
        "exportProfile",
        "Export personal data",
    )
    .describe(
        "Starts a job that writes one JSON file: account, preferences, addresses, sessions, orders with their addresses and \
         histories, payments, reviews, cart. If an export is already running, the answer is that job. Needs a recent login; no body. \
         `Location` is the URL of the job.",
    )
    .error(403, RECENT_LOGIN)
    .idempotency_key(false)
    // Without a body, no repetition can have another one.
    .without(422)
    .answer::<ExportOut>(202, "The job is queued.")
    .header(202, "Location")
    .error(404, "`not_found`: there is no account, or the job of a repeated request has expired.")
    .error(409, "`too_many_exports`: at most 20 exports a week. `too_many_concurrent_updates`.")
    .done();
    api.operation(
        "get",
        "/api/v1/users/profile/export/{id}",
        Access::Session,
        "readProfileExport",
        "Read an export of personal data",
    )
    .describe(
        "Only your own export. When the job is done, `download` has a URL of the file that is valid for 15 minutes. Read the job \
         again for a new URL. The job is stored for a week.",
    )
    .path_param::<JobId>("id", "The id of the export.")
    .answer::<ExportOut>(200, "The current state.")
    .done();
}

fn preferences(api: &mut Api) {
    const CHOICES: &str = "Your choices. Events without a choice are sent by mail.";
    let path = "/api/v1/users/preferences";
    api.operation("get", path, Access::Account, "readPreferences", "Read notification preferences")
        .if_none_match()
        .answer::<PreferencesOut>(200, CHOICES)
        .error(404, NO_ACCOUNT)
        .done();
    api.operation("put", path, Access::Account, "changePreferences", "Replace notification preferences")
        .describe("Replaces all choices. Mails about the security of your account are always sent.")
        .if_match(false)
        .replacement::<PreferencesIn>("PreferencesInput")
        .answer::<PreferencesOut>(200, CHOICES)
        .error(404, NO_ACCOUNT)
        .error(409, CONCURRENT)
        .done();
}

fn addresses(api: &mut Api) {
    const ID: &str = "The id of the postal address.";
    let (book, address) = ("/api/v1/users/addresses", "/api/v1/users/addresses/{id}");
    api.operation("get", book, Access::Account, "listAddresses", "List postal addresses")
        .answer_page::<AddressEntry>("All of your postal addresses, oldest first.")
        .done();
    api.operation("post", book, Access::Account, "addAddress", "Add a postal address")
        .idempotency_key(false)
        .body::<AddressIn>()
        .answer::<AddressEntry>(201, "The postal address is added.")
        .error(404, "`not_found`: the postal address of a repeated request was removed.")
        .error(409, "`address_book_full`: an account has at most 20 postal addresses. `too_many_concurrent_updates`.")
        .done();
    api.operation("put", address, Access::Account, "changeAddress", "Replace a postal address")
        .path_param::<AddressId>("id", ID)
        .replacement::<AddressReplacement>("AddressUpdate")
        .answer::<AddressEntry>(200, "The result of the change.")
        .error(409, CONCURRENT)
        .done();
    api.operation("delete", address, Access::Account, "removeAddress", "Remove a postal address")
        .path_param::<AddressId>("id", ID)
        .answer_empty(204, "The postal address is removed. Orders keep their own copy.")
        .error(409, CONCURRENT)
        .done();
}

fn accounts(api: &mut Api) {
    const ID: &str = "The account.";
    api.operation("get", "/api/v1/users", Access::Account, "listUsers", "List accounts")
        .describe(
            "Admins only. Search by the beginning of an email address or a name, by role and by status, in any combination. Without \
             a filter, all accounts are listed. A page may have fewer rows than `limit` although more pages follow.",
        )
        .queries::<ListIn>()
        .answer_page::<User>("Newest first. The results of a search are ordered by email address, then by name.")
        .done();
    api.operation("get", "/api/v1/users/{id}", Access::Account, "readUser", "Read an account")
        .describe("Admins only.")
        .path_param::<UserId>("id", ID)
        .if_none_match()
        .answer::<User>(200, "The account.")
        .done();
    api.operation("put", "/api/v1/users/{id}/role", Access::Session, "changeRole", "Change the role of an account")
        .describe("Admins with a recent login only. If the account loses the role `admin`, all of its sessions end.")
        .error(403, RECENT_LOGIN)
        .path_param::<UserId>("id", ID)
        .if_match(false)
        .replacement::<RoleIn>("RoleChange")
        .answer::<User>(200, "The account.")
        .error(409, "`own_role`: admins cannot change their own role. `too_many_concurrent_updates`.")
        .done();
    api.operation(
        "put",
        "/api/v1/users/{id}/status",
        Access::Account,
        "changeStatus",
        "Suspend or reactivate an account",
    )
    .describe("Admins only. All sessions of a suspended account end, and it cannot log in.")
    .path_param::<UserId>("id", ID)
    .if_match(false)
    .replacement::<StatusIn>("StatusChange")
    .answer::<User>(200, "The account.")
    .error(409, "`own_status`: admins cannot suspend themselves. `too_many_concurrent_updates`.")
    .done();
}
