//! A secret that is cached for five minutes, so that a function sees a rotation without a read for every request.

use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use tokio::sync::Mutex;
use values::{Error, Result};

use crate::lazy_client::LazyClient;
use crate::{Aws, Settings};

const MAX_AGE: Duration = Duration::from_secs(300);

/// One secret of Secrets Manager.
#[derive(Debug)]
pub struct Secret {
    client: LazyClient<Client>,
    id: String,
    cache: Mutex<Option<(Instant, String)>>,
}

impl Secret {
    /// The secret whose ARN is in the environment variable.
    pub fn from_env(aws: &Aws, variable: &'static str) -> Result<Self> {
        Ok(Self { client: aws.lazy_client(Client::new), id: Settings.required(variable)?, cache: Mutex::new(None) })
    }

    /// Empties the cache. For a caller whose secret was refused: it may have been rotated.
    pub async fn evict(&self) {
        *self.cache.lock().await = None;
    }

    /// The text of the secret. Never log it.
    pub async fn text(&self) -> Result<String> {
        let mut cache = self.cache.lock().await;
        if let Some((read_at, text)) = cache.as_ref()
            && read_at.elapsed() < MAX_AGE
        {
            return Ok(text.clone());
        }
        let output = self.client.get_secret_value().secret_id(&self.id).send().await;
        let output = output.map_err(|error| Error::unavailable("secret store", error))?;
        let text = output.secret_string.ok_or_else(|| Error::internal("the secret has no text"))?;
        *cache = Some((Instant::now(), text.clone()));
        Ok(text)
    }
}
