//! The rotation of a secret (Secrets Manager, "Rotation by Lambda function"): a new version is created, set, tested, and then replaces
//! the current version.

use aws_sdk_secretsmanager::Client;
use values::{Error, Result};

use crate::{Aws, Settings};

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// A secret under rotation. Only for the function that rotates it.
#[derive(Debug, Clone)]
pub struct Rotation {
    client: Client,
    id: String,
}

impl Rotation {
    /// The secret whose ARN is in the environment variable.
    pub fn from_env(aws: &Aws, variable: &'static str) -> Result<Self> {
        Ok(Self { client: Client::new(aws.config()), id: Settings.required(variable)? })
    }

    /// The current text.
    pub async fn current(&self) -> Result<String> {
        let output = self.client.get_secret_value().secret_id(&self.id).send().await;
        text(output.map_err(outage)?.secret_string)
    }

    /// The text of a pending version; none if it does not exist yet.
    pub async fn pending(&self, version: &str) -> Result<Option<String>> {
        match self.client.get_secret_value().secret_id(&self.id).version_id(version).send().await {
            Ok(output) => text(output.secret_string).map(Some),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(outage(error)),
        }
    }

    /// Stores a text as a pending version.
    pub async fn put_pending(&self, version: &str, text: &str) -> Result<()> {
        let put = self.client.put_secret_value().secret_id(&self.id).client_request_token(version);
        let put = put.secret_string(text).version_stages(PENDING).send().await;
        put.map(|_| ()).map_err(outage)
    }

    /// Makes a version the current one. Does nothing if it is current already.
    pub async fn promote(&self, version: &str) -> Result<()> {
        let described = self.client.describe_secret().secret_id(&self.id).send().await.map_err(outage)?;
        let versions = described.version_ids_to_stages.unwrap_or_default();
        let current = versions.iter().find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT)).map(|(id, _)| id);
        if current.is_some_and(|current| current == version) {
            return Ok(());
        }
        let update = self.client.update_secret_version_stage().secret_id(&self.id).version_stage(CURRENT);
        let update = update.move_to_version_id(version).set_remove_from_version_id(current.cloned()).send().await;
        update.map(|_| ()).map_err(outage)
    }
}

fn text(secret: Option<String>) -> Result<String> {
    secret.ok_or_else(|| Error::internal("the secret has no text"))
}

fn outage(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("secret store", error)
}
