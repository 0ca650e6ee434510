//! Ways into an account: registration, login with a password, and sign-in with a provider (Google, GitHub), with its links.
//!
//! A refusal never says whether an account exists. A link, once made, decides alone which account a provider's user gets. A code
//! or a pending sign-in is used once, and only in the browser that began it. The last way into an account cannot be unlinked.

pub(crate) mod auth_policy;
mod begin_sign_in;
mod change_password;
pub(crate) mod external_identity;
pub(crate) mod link_view;
mod list_links;
pub(crate) mod log_in;
pub(crate) mod login_method;
pub(crate) mod login_request;
pub(crate) mod pending_sign_in;
pub(crate) mod provider;
mod redeem_code;
mod register;
pub(crate) mod registration;
mod resume_sign_in;
pub(crate) mod sign_in_code;
mod sign_in_with_provider;
mod step_up;
pub(crate) mod store;
mod unlink;

pub use auth_policy::AuthPolicy;
pub use change_password::PasswordChange;
pub use external_identity::ExternalIdentity;
pub use link_view::LinkView;
pub use login_request::LoginRequest;
pub use pending_sign_in::{PendingSignIn, SIGN_IN_SECONDS, SignInRequest, SignInSecrets};
pub use provider::Provider;
pub use registration::Registration;
pub use step_up::Proof;
