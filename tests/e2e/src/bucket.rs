//! The files of the bucket: tests read, damage and delete them.

use reqwest::{Method, RequestBuilder};

use crate::Shop;
use crate::queues::credential;

impl Shop {
    /// Reads a file, if there is one.
    pub async fn file(&self, key: &str) -> Option<Vec<u8>> {
        let response = self.at(Method::GET, key).send().await;
        let response = response.unwrap_or_else(|error| panic!("the bucket should respond: {error}"));
        match response.status().as_u16() {
            200 => Some(response.bytes().await.unwrap_or_default().to_vec()),
            404 => None,
            other => panic!("{key} should answer 200 or 404: {other}"),
        }
    }

    /// Overwrites a file with other content.
    pub async fn damages_file(&self, key: &str) {
        let status = self.at(Method::PUT, key).body("damaged").send().await.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(200)), "{key} should be overwritten: {status:?}");
    }

    /// Deletes a file.
    pub async fn deletes_file(&self, key: &str) {
        let status = self.at(Method::DELETE, key).send().await.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(200 | 204)), "{key} should be deleted: {status:?}");
    }

    /// The keys of all files.
    pub async fn files(&self) -> Vec<String> {
        let (mut keys, mut after) = (Vec::<String>::new(), String::new());
        loop {
            let page = self.at(Method::GET, &format!("?list-type=2&max-keys=1000&start-after={after}")).send().await;
            let page = page.unwrap_or_else(|error| panic!("the bucket should respond: {error}"));
            let text = page.text().await.unwrap_or_default();
            assert!(text.contains("ListBucketResult"), "the bucket should list its files: {text}");
            let found = text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            let before = keys.len();
            keys.extend(found.map(str::to_owned));
            match keys.last() {
                Some(last) if keys.len() > before => after = last.clone(),
                _ => return keys,
            }
        }
    }

    fn at(&self, method: Method, key: &str) -> RequestBuilder {
        let url = format!("{}/{}/{key}", self.stack.emulator_url, self.stack.bucket);
        self.http.request(method, url).header("Authorization", credential(&self.stack, "s3"))
    }
}
