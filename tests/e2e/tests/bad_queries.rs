//! Invalid queries of lists and of the search: an error names the parameter, and a cursor is valid for its own list only.

use e2e::{Draft, SOON, Shop, await_until, unique};
use futures::future::join_all;

/// Well-formed, but no product.
const NO_PRODUCT: &str = "prd_01h455vb4pex5vsknk084sn02q";

#[tokio::test]
async fn filter_out_of_range_is_422_and_named() {
    let shop = Shop::open().await;
    let anonymous = shop.anonymous();
    let long = "x".repeat(10_000);
    let eleven = (0..11).map(|n| format!("attribute=a{n}:b")).collect::<Vec<_>>().join("&");
    let table = [
        ("search=".to_owned(), "search", "text_length"),
        (format!("search={}", "x".repeat(201)), "search", "text_length"),
        (format!("search={long}"), "search", "text_length"),
        ("search=mug%00".to_owned(), "search", "control_characters"),
        ("search=%1B%5B2J".to_owned(), "search", "control_characters"),
        ("search=a%0Ab".to_owned(), "search", "control_characters"),
        ("tag=".to_owned(), "tag", "text_length"),
        ("tag=a%00".to_owned(), "tag", "control_characters"),
        ("brand=".to_owned(), "brand", "text_length"),
        ("brand=a%0Ab".to_owned(), "brand", "control_characters"),
        ("category=".to_owned(), "category", "invalid_value"),
        ("category=a%23b".to_owned(), "category", "invalid_value"),
        (format!("category={}", "x".repeat(65)), "category", "invalid_value"),
        ("minPrice=-1".to_owned(), "minPrice", "price_out_of_range"),
        ("minPrice=1.5".to_owned(), "minPrice", "price_out_of_range"),
        ("minPrice=1e3".to_owned(), "minPrice", "price_out_of_range"),
        ("minPrice=".to_owned(), "minPrice", "price_out_of_range"),
        ("maxPrice=cheap".to_owned(), "maxPrice", "price_out_of_range"),
        ("maxPrice=100000001".to_owned(), "maxPrice", "price_out_of_range"),
        ("maxPrice=99999999999999999999999".to_owned(), "maxPrice", "price_out_of_range"),
        ("minPrice=2&maxPrice=1".to_owned(), "minPrice", "price_range_empty"),
        ("inStock=yes".to_owned(), "inStock", "not_a_flag"),
        ("inStock=1".to_owned(), "inStock", "not_a_flag"),
        ("inStock=".to_owned(), "inStock", "not_a_flag"),
        ("minRating=0".to_owned(), "minRating", "rating_out_of_range"),
        ("minRating=6".to_owned(), "minRating", "rating_out_of_range"),
        ("minRating=4.5".to_owned(), "minRating", "rating_out_of_range"),
        ("minRating=-1".to_owned(), "minRating", "rating_out_of_range"),
        ("attribute=colour".to_owned(), "attribute", "attribute_malformed"),
        ("attribute=:blue".to_owned(), "attribute", "attribute_malformed"),
        ("attribute=colour:".to_owned(), "attribute", "attribute_malformed"),
        ("attribute=a:b%00".to_owned(), "attribute", "control_characters"),
        (eleven, "attribute", "too_many_attributes"),
        ("sort=cheapest".to_owned(), "sort", "sort_unknown"),
        ("sort=".to_owned(), "sort", "sort_unknown"),
        ("limit=0".to_owned(), "limit", "limit_out_of_range"),
        ("limit=101".to_owned(), "limit", "limit_out_of_range"),
        ("limit=-1".to_owned(), "limit", "invalid_value"),
        ("limit=many".to_owned(), "limit", "invalid_value"),
        ("limit=4294967296".to_owned(), "limit", "invalid_value"),
        ("colour=red".to_owned(), "colour", "unknown_field"),
        ("search=a&search=b".to_owned(), "search", "duplicate_field"),
        ("sort=price&sort=newest".to_owned(), "sort", "duplicate_field"),
    ];
    for (query, field, code) in &table {
        anonymous.get(&format!("/api/v1/products?{query}")).await.expect_fault(field, code);
    }
    for cursor in ["nonsense", "%00", "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        anonymous.get(&format!("/api/v1/products?cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    }
    for (query, code) in [
        (String::new(), "required"),
        ("q=".to_owned(), "text_length"),
        (format!("q={long}"), "text_length"),
        ("q=a%00".to_owned(), "control_characters"),
    ] {
        anonymous.get(&format!("/api/v1/products/suggest?{query}")).await.expect_fault("q", code);
    }
    anonymous.get("/api/v1/products/suggest?q=mug&colour=red").await.expect_fault("colour", "unknown_field");
}

#[tokio::test]
async fn any_search_text_gets_a_result() {
    let shop = Shop::open().await;
    // Syntax of query languages, scripts, emoji, and text without a word: none of it is an error, or has a meaning.
    for words in [
        "%22",
        "%2B",
        "-",
        "*",
        "a*",
        "AND",
        "NOT%20mug",
        "name:mug",
        "(mug",
        "%5Bmug%20TO%20bowl%5D",
        "mug~2",
        "mug%5E9",
        "%5C",
        "%27%20OR%201%3D1--",
        "%3Cscript%3E",
        "%25",
        "..%2F..",
        "%F0%9F%8D%B5",
        "%E8%8C%B6",
        "%D9%83%D9%88%D8%A8",
        "%CC%81",
        "%E2%80%AE",
        "%EF%BF%BD",
    ] {
        for path in ["products?search=", "products/suggest?q="] {
            let response = shop.anonymous().get(&format!("/api/v1/{path}{words}")).await;
            assert_eq!(response.status, 200, "{path}{words}: {}", response.text);
        }
    }
}

#[tokio::test]
async fn query_that_is_not_utf8_is_400() {
    let shop = Shop::open().await;
    for query in ["search=%FF%FE", "search=M%FCsli", "category=caf%E9", "attribute=gr%F6%DFe:5", "caf%E9=1"] {
        shop.anonymous().get(&format!("/api/v1/products?{query}")).await.expect_problem(400, "not_utf8");
    }
    shop.anonymous().get("/api/v1/products/suggest?q=M%FC").await.expect_problem(400, "not_utf8");
}

#[tokio::test]
async fn cursor_of_another_query_is_refused() {
    let shop = Shop::open().await;
    let category = unique("paged");
    let mugs = join_all((0..2).map(|_| shop.sells(Draft::with_stock(1).in_category(&category)))).await;
    let of = |more: &str| format!("/api/v1/products?category={category}&limit=1{more}");
    for sort in ["", "&sort=newest", "&sort=price", "&sort=-price", "&sort=rating", "&search=mug"] {
        let cursor = await_until(format_args!("there is a second page of {sort:?}"), SOON, async || {
            let page = shop.anonymous().get(&of(sort)).await.expect(200).json();
            page["pagination"]["cursor"].as_str().map(str::to_owned).ok_or_else(|| page.to_string())
        })
        .await;
        let cursor = format!("&cursor={cursor}");
        await_until(format_args!("the second page of {sort:?} shows a mug"), SOON, async || {
            let second = shop.anonymous().get(&of(&format!("{sort}{cursor}"))).await.expect(200).json();
            if mugs.iter().any(|mug| second["data"][0]["id"] == mug.id) { Ok(()) } else { Err(second.to_string()) }
        })
        .await;
        for other in [
            "&inStock=true",
            "&minPrice=1",
            "&maxPrice=9999999",
            "&tag=blue",
            "&brand=Kiln",
            "&minRating=1",
            "&attribute=glazed:true",
        ] {
            let other_path = shop.anonymous().get(&of(&format!("{sort}{other}{cursor}"))).await;
            other_path.expect_problem(400, "invalid_cursor");
        }
        for other in ["", "&sort=newest", "&sort=price", "&sort=-price", "&search=mug", "&search=bowl"] {
            if other != sort {
                shop.anonymous().get(&of(&format!("{other}{cursor}"))).await.expect_problem(400, "invalid_cursor");
            }
        }
        let everywhere = format!("/api/v1/products?limit=1{sort}{cursor}");
        shop.anonymous().get(&everywhere).await.expect_problem(400, "invalid_cursor");
    }
}
#[tokio::test]
async fn history_of_a_product_is_paged_and_for_admins() {
    let shop = Shop::open().await;
    let (admin, customer) = (shop.admin().await, shop.new_customer().await);
    let mug = shop.sells_this(&shop.mug()).await;
    for list in ["history", "stock/movements"] {
        let path = format!("/api/v1/products/{}/{list}", mug.id);
        admin.get(&path).await.expect(200);
        shop.anonymous().get(&path).await.expect_problem(401, "unauthenticated");
        customer.api.get(&path).await.expect_problem(403, "forbidden");
        for (query, field) in
            [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("colour=red", "colour")]
        {
            admin.get(&format!("{path}?{query}")).await.expect_refusal(422).names_field(field);
        }
        for cursor in ["nonsense", "%00", ""] {
            admin.get(&format!("{path}?cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
        }
        for nowhere in [NO_PRODUCT, "nonsense"] {
            admin.get(&format!("/api/v1/products/{nowhere}/{list}")).await.expect_problem(404, "not_found");
        }
    }
    let movements = format!("/api/v1/products/{}/stock/movements", mug.id);
    for sku in ["a%20b", "NO-SUCH-SKU"] {
        admin.get(&format!("{movements}?sku={sku}")).await.expect_refusal(422).names_field("sku");
    }
}
