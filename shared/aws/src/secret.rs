//! A secret, read once and kept for five minutes: a rotation is seen, and a busy function does not pay per request.

use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use tokio::sync::Mutex;
use values::{Error, Result};

use crate::{Aws, Settings};

const KEPT: Duration = Duration::from_secs(300);

/// One secret of Secrets Manager.
#[derive(Debug)]
pub struct Secret {
    client: Client,
    id: String,
    kept: Mutex<Option<(Instant, String)>>,
}

impl Secret {
    /// The secret whose ARN the variable holds.
    pub fn from_env(aws: &Aws, variable: &'static str) -> Result<Self> {
        Ok(Self { client: Client::new(aws.config()), id: Settings.required(variable)?, kept: Mutex::new(None) })
    }

    /// Reads it anew next time: what it opened is closed, so it may have been rotated.
    pub async fn forget(&self) {
        *self.kept.lock().await = None;
    }

    /// Its text. Never log it.
    pub async fn text(&self) -> Result<String> {
        let mut kept = self.kept.lock().await;
        if let Some((read, text)) = kept.as_ref()
            && read.elapsed() < KEPT
        {
            return Ok(text.clone());
        }
        let answer = self.client.get_secret_value().secret_id(&self.id).send().await;
        let answer = answer.map_err(|error| Error::unavailable("secret store", error))?;
        let text = answer.secret_string.ok_or_else(|| Error::internal("the secret holds no text"))?;
        *kept = Some((Instant::now(), text.clone()));
        Ok(text)
    }
}
