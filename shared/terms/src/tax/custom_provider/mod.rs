//! A tax provider that speaks souk's own protocol (docs/tax-provider.md).

mod endpoint;
mod messages;
mod provider;

pub(crate) use provider::CustomProvider;
