//! The versions of a secret while it is rotated (Secrets Manager, "Rotation by Lambda function": a version is made, made usable,
//! tested, and then takes the place of the current one).

use aws_sdk_secretsmanager::Client;
use values::{Error, Result};

use crate::{Aws, Settings};

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// A secret whose text is changed. For the function alone that rotates it.
#[derive(Debug, Clone)]
pub struct Rotation {
    client: Client,
    id: String,
}

impl Rotation {
    /// Of the secret whose ARN the variable holds.
    pub fn from_env(aws: &Aws, variable: &'static str) -> Result<Self> {
        Ok(Self { client: Client::new(aws.config()), id: Settings.required(variable)? })
    }

    /// The text that is in use.
    pub async fn current(&self) -> Result<String> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send().await;
        text(answer.map_err(outage)?.secret_string)
    }

    /// The text of the version that a rotation makes; none while there is none.
    pub async fn pending(&self, version: &str) -> Result<Option<String>> {
        match self.client.get_secret_value().secret_id(&self.id).version_id(version).send().await {
            Ok(answer) => text(answer.secret_string).map(Some),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(outage(error)),
        }
    }

    /// Keeps a text as that version, which is not in use yet.
    pub async fn put_pending(&self, version: &str, text: &str) -> Result<()> {
        let put = self.client.put_secret_value().secret_id(&self.id).client_request_token(version);
        let put = put.secret_string(text).version_stages(PENDING).send().await;
        put.map(|_| ()).map_err(outage)
    }

    /// Puts that version in the place of the one in use; nothing when it is there already.
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
    secret.ok_or_else(|| Error::internal("the secret holds no text"))
}

fn outage(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("secret store", error)
}
