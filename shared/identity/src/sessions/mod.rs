//! Login sessions: refresh their tokens, list them, and end one or all of them.
//!
//! A session has one valid refresh token, and every refresh replaces it. It ends 30 days after its last use and 90 days after
//! it began. Ending a session also revokes its access tokens, in the same transaction.

pub(crate) mod device;
mod end_all_sessions;
mod end_session;
mod list_sessions;
mod log_out;
mod log_out_everywhere;
mod refresh;
pub(crate) mod refresh_token;
mod require_session;
pub(crate) mod session;
pub(crate) mod session_view;
mod store;
pub(crate) mod token_pair;

pub use device::Device;
pub use session_view::SessionView;
pub use token_pair::{AccessToken, TokenPair, UserWithTokens};
