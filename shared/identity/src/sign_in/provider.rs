//! The providers that a user can sign in with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A provider with which people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(extend("example" = "google")))]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// OpenID Connect.
    Google,
    /// OAuth 2.0 and GitHub's own API.
    Github,
}

impl Provider {
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
    fn provider_has_the_same_name_in_paths_and_rows() {
        for provider in Provider::ALL {
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.to_string());
        }
    }
}
