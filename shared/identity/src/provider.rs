//! Who vouches for somebody beside this shop: the providers that one can sign in with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A provider, as paths and rows name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// By OpenID Connect.
    Google,
    /// By OAuth 2.0 and its own API.
    Github,
}

impl Provider {
    /// Every one.
    pub(crate) const ALL: [Self; 2] = [Self::Google, Self::Github];
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Google => "google",
            Self::Github => "github",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_called_the_same_everywhere() {
        for provider in Provider::ALL {
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.to_string());
        }
    }
}
