//! A search index that is lost or damaged is rebuilt.

use e2e::search::{awaits, sells, word};
use e2e::{SOON, Shop, await_until};
use serde_json::{Value, json};

/// The manifest of this release's index format.
const MANIFEST: &str = "search/manifest-2.json";

#[tokio::test]
async fn lost_or_damaged_index_is_rebuilt() {
    let shop = Shop::open_disturbing(["search"]).await;
    let (old, new) = (word(), word());
    sells(&shop, json!({ "name": old })).await;
    awaits(&shop, &format!("search={old}"), 1).await;

    // Lost: an operator invokes the indexer. A new execution environment has the new index only.
    shop.deletes_file(MANIFEST).await;
    let response = shop.functions.invoke("indexer", json!({ "task": "rebuild" }).to_string()).await;
    assert_eq!((response.error, &response.payload["queued"]), (None, &json!("rebuild")));
    await_until("there is a manifest again", SOON, async || {
        shop.file(MANIFEST).await.map(|_| ()).ok_or_else(|| "no manifest".to_owned())
    })
    .await;
    shop.functions.kill("search").await;
    awaits(&shop, &format!("search={old}"), 1).await;

    // A release with another format finds no index of its own. A schedule has it built.
    shop.deletes_file(MANIFEST).await;
    let check = async || shop.functions.invoke("indexer", json!({ "task": "check-index" }).to_string()).await;
    assert_eq!(check().await.payload["queued"], "check-index");
    await_until("the index is built", SOON, async || {
        shop.file(MANIFEST).await.map(|_| ()).ok_or_else(|| "no manifest".to_owned())
    })
    .await;
    assert_eq!(check().await.payload["done"], "check-index", "there is nothing left to do");

    // Damaged: the next indexer that reads the file notices it by itself, at the next change of any product.
    let manifest: Value = serde_json::from_slice(&shop.file(MANIFEST).await.unwrap_or_default()).unwrap_or_default();
    let content =
        manifest["files"][0]["sha256"].as_str().unwrap_or_else(|| panic!("a manifest should name files: {manifest}"));
    shop.damages_file(&format!("search/files/{content}")).await;
    shop.functions.kill("indexer").await;
    shop.functions.kill("search").await;
    sells(&shop, json!({ "name": new })).await;
    await_until("both are found", SOON, async || {
        // A new execution environment has no index until it is complete again.
        for word in [&old, &new] {
            let response = shop.anonymous().get(&format!("/api/v1/products?search={word}")).await;
            if response.status != 200 || response.json()["total"] != 1 {
                return Err(format!("{word}: {} {}", response.status, response.text));
            }
        }
        Ok(())
    })
    .await;
}
