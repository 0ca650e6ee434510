//! Lists of orders: all orders for the admin, their own for customers.

use e2e::scenarios::{order_with, paid_order};
use e2e::{Checkout, Customer, Draft, Order, SOON, Shop, await_until, unique};
use futures::future::join_all;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

/// `TimeZone` of the test stack is Asia/Kathmandu, which never changes its clocks.
const KATHMANDU: (i8, i8, i8) = (5, 45, 0);

pub(crate) fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().filter_map(|row| row["id"].as_str()).map(str::to_owned).collect()
}

/// Panics unless newer rows come first. An id begins with its time.
fn are_newest_first(rows: &[Value]) {
    let ids = ids(rows);
    assert!(ids.is_sorted_by(|one, next| one > next), "each order should be listed once, newest first: {ids:?}");
}

/// The beginning of a day, counted from today.
fn day(from_today: i64) -> String {
    let day = OffsetDateTime::now_utc() + Duration::days(from_today);
    format!("{}T00:00:00Z", day.date())
}

/// Waits until a list has an order on one of its pages; returns the whole list.
pub(crate) async fn finds(shop: &Shop, path: &str, order: &Order) -> Vec<Value> {
    await_until(format_args!("{path} lists {}", order.id()), SOON, async || {
        let rows = shop.admin().await.walks(path, 100).await.concat();
        let found = rows.iter().any(|row| row["id"] == order.id());
        if found { Ok(rows) } else { Err(format!("{} others", rows.len())) }
    })
    .await
}

pub(crate) async fn expect_absent(shop: &Shop, path: &str, order: &Order) {
    let rows = shop.admin().await.walks(path, 100).await.concat();
    assert!(!rows.iter().any(|row| row["id"] == order.id()), "{path} should not list {}", order.id());
}

/// A customer who has placed so many orders, oldest first.
async fn buyer_of(shop: &Shop, count: usize) -> (Customer, Vec<Order>) {
    let mug = shop.sells(Draft::with_stock(20)).await;
    let customer = shop.new_customer().await;
    let mut orders = Vec::new();
    for _ in 0..count {
        orders.push(customer.places(&Checkout::of(&[(&mug.sku, 1)])).await);
    }
    (customer, orders)
}

#[tokio::test]
async fn admin_lists_all_orders_newest_first() {
    let shop = Shop::open().await;
    let (_customer, mine, _mug) = paid_order(&shop).await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let (guests, _token) = shop.new_guest().places(&Checkout::of(&[(&mug.sku, 1)])).await;
    for order in [&mine, &guests] {
        let rows = finds(&shop, "/api/v1/orders", order).await;
        are_newest_first(&rows);
        let row = rows.iter().find(|row| row["id"] == order.id()).cloned().unwrap_or_default();
        assert_eq!((&row["number"], &row["total"]), (&order.0["number"], &order.0["total"]), "{row}");
        assert!(row["tokenDigest"].is_null() && row["orderToken"].is_null(), "{row}");
    }
}

#[tokio::test]
async fn orders_are_found_by_status() {
    let shop = Shop::open().await;
    let (customer, cancelled, _mug) = paid_order(&shop).await;
    customer.cancels(&cancelled, "Ordered twice").await.expect(200);
    let (_customer, delivered, _mug) = paid_order(&shop).await;
    for status in ["processing", "shipped", "delivered"] {
        expect_absent(&shop, &format!("/api/v1/orders?status={status}"), &delivered).await;
        shop.admin().await.moves(&delivered, status).await.expect(200);
        finds(&shop, &format!("/api/v1/orders?status={status}"), &delivered).await;
    }
    for (status, order, other) in [("cancelled", &cancelled, &delivered), ("delivered", &delivered, &cancelled)] {
        let path = format!("/api/v1/orders?status={status}");
        let rows = finds(&shop, &path, order).await;
        assert!(rows.iter().all(|row| row["status"] == status), "{path}: {rows:#?}");
        are_newest_first(&rows);
        expect_absent(&shop, &path, other).await;
    }
    for status in ["confirmed", "processing", "shipped", "returned"] {
        expect_absent(&shop, &format!("/api/v1/orders?status={status}"), &delivered).await;
    }
}

#[tokio::test]
async fn pending_orders_are_found_while_pending() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = order_with(&shop, "pm_card_chargeDeclined").await;
    let rows = finds(&shop, "/api/v1/orders?status=pending", &order).await;
    assert!(rows.iter().all(|row| row["status"] == "pending"), "{rows:#?}");
    customer.cancels(&order, "Ordered twice").await.expect(200);
    finds(&shop, "/api/v1/orders?status=cancelled", &order).await;
    expect_absent(&shop, "/api/v1/orders?status=pending", &order).await;
}

#[tokio::test]
async fn order_that_waits_for_its_capture_is_found_as_confirmed() {
    let shop = Shop::open().await;
    let card = shop.provider.card_captured_after(30_000).await;
    let (customer, waiting, _mug) = order_with(&shop, &card).await;
    customer.awaits(&waiting, "confirmed", "authorized").await;
    let (_customer, paid, _mug) = paid_order(&shop).await;
    let path = format!("/api/v1/orders?status=confirmed&from={}", instant(placed_at(&waiting)));
    for order in [&waiting, &paid] {
        let rows = finds(&shop, &path, order).await;
        assert!(rows.iter().all(|row| row["status"] == "confirmed"), "{path}: {rows:#?}");
        are_newest_first(&rows);
    }
    // Page by page, each order comes once.
    let rows = shop.admin().await.walks(&path, 2).await.concat();
    are_newest_first(&rows);
    assert!([&waiting, &paid].iter().all(|order| ids(&rows).iter().any(|id| id == order.id())), "{rows:#?}");
    expect_absent(&shop, "/api/v1/orders?status=pending", &waiting).await;
    customer.awaits(&waiting, "confirmed", "paid").await;
    are_newest_first(&finds(&shop, &path, &waiting).await);
}

#[tokio::test]
async fn orders_are_found_by_date() {
    let shop = Shop::open().await;
    let (_customer, order, _mug) = paid_order(&shop).await;
    let (yesterday, tomorrow, later) = (day(-1), day(1), day(2));
    let with = [
        format!("from={yesterday}"),
        format!("to={tomorrow}"),
        format!("from={yesterday}&to={tomorrow}"),
        format!("from={yesterday}&to={later}&status=confirmed"),
    ];
    for filter in with {
        let rows = finds(&shop, &format!("/api/v1/orders?{filter}"), &order).await;
        are_newest_first(&rows);
    }
    let without = [
        format!("from={tomorrow}"),
        format!("to={yesterday}"),
        format!("from={tomorrow}&to={later}"),
        format!("from={yesterday}&to={later}&status=cancelled"),
    ];
    for filter in without {
        expect_absent(&shop, &format!("/api/v1/orders?{filter}"), &order).await;
    }
}

/// When an order was placed.
fn placed_at(order: &Order) -> OffsetDateTime {
    let text = order.0["createdAt"].as_str().unwrap_or_else(|| panic!("an order should have a time: {}", order.0));
    OffsetDateTime::parse(text, &Rfc3339).unwrap_or_else(|error| panic!("{text} should be a time: {error}"))
}

/// A time for a query string, in UTC with milliseconds.
fn instant(at: OffsetDateTime) -> String {
    let (date, (hour, minute, second, milli)) = (at.date(), at.to_hms_milli());
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

#[tokio::test]
async fn time_in_a_filter_is_that_instant() {
    let shop = Shop::open().await;
    let (_customer, order, _mug) = paid_order(&shop).await;
    let at = placed_at(&order);
    let (now, later) = (instant(at), instant(at + Duration::milliseconds(1)));
    let elsewhere = at.to_offset(UtcOffset::from_hms(1, 0, 0).unwrap_or(UtcOffset::UTC));
    let local = format!("{}+01:00", instant(elsewhere).trim_end_matches('Z'));
    for filter in [
        format!("from={now}"),
        format!("from={now}&to={later}"),
        format!("from={}&to={later}", instant(at - Duration::hours(1))),
        format!("from={}", local.replace('+', "%2B")),
        format!("from={local}"),
    ] {
        let rows = finds(&shop, &format!("/api/v1/orders?{filter}"), &order).await;
        are_newest_first(&rows);
    }
    // It has been in the index since the lists above showed it.
    for filter in [
        format!("from={later}"),
        format!("from={now}&to={now}"),
        format!("from={}&to={now}", instant(at - Duration::hours(1))),
        format!("from={later}&to={}", instant(at + Duration::hours(1))),
        format!("from={later}&status=confirmed"),
    ] {
        expect_absent(&shop, &format!("/api/v1/orders?{filter}"), &order).await;
    }
}

#[tokio::test]
async fn date_in_a_filter_is_a_day_of_the_shop() {
    let shop = Shop::open().await;
    let (_customer, order, _mug) = paid_order(&shop).await;
    let (hours, minutes, seconds) = KATHMANDU;
    let zone = UtcOffset::from_hms(hours, minutes, seconds).unwrap_or(UtcOffset::UTC);
    let date = |days: i64| (placed_at(&order).to_offset(zone) + Duration::days(days)).date();
    let (before, today, after) = (date(-1), date(0), date(1));
    for filter in [format!("from={today}&to={today}"), format!("from={before}&to={today}"), format!("from={today}")] {
        finds(&shop, &format!("/api/v1/orders?{filter}"), &order).await;
    }
    for filter in [format!("to={before}"), format!("from={after}&to={after}"), format!("from={before}&to={before}")] {
        expect_absent(&shop, &format!("/api/v1/orders?{filter}"), &order).await;
    }
}

#[tokio::test]
async fn order_is_found_by_its_number_in_any_spelling() {
    let shop = Shop::open().await;
    let (_customer, order, _mug) = paid_order(&shop).await;
    let admin = shop.admin().await;
    let number = order.number();
    let spoken = [number.to_owned(), number.to_lowercase(), number.replace('-', ""), number.replace('-', "%20")];
    for spelling in spoken {
        let found = admin.walks(&format!("/api/v1/orders?number={spelling}"), 20).await.concat();
        assert_eq!(ids(&found), [order.id()], "{spelling}");
    }
    let unknown = admin.walks("/api/v1/orders?number=00000-00000", 20).await.concat();
    assert_eq!(unknown, Vec::<Value>::new());
}

#[tokio::test]
async fn orders_are_found_by_email_of_account_or_guest() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let (customer, orders) = buyer_of(&shop, 2).await;
    let guest = shop.new_guest();
    let (first, _) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let (second, _) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    for (email, expected) in [(&customer.email, [&orders[1], &orders[0]]), (&guest.email, [&second, &first])] {
        for spelling in [email.clone(), email.to_uppercase()] {
            let path = format!("/api/v1/orders?email={spelling}");
            let rows = finds(&shop, &path, expected[0]).await;
            assert_eq!(ids(&rows), expected.map(Order::id), "{spelling}");
        }
    }
    // A guest ordered with the email address of an account, too.
    let same = shop.new_guest().with_email(&customer.email);
    let (third, _) = same.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let rows = finds(&shop, &format!("/api/v1/orders?email={}", customer.email), &third).await;
    assert_eq!(ids(&rows), [third.id(), orders[1].id(), orders[0].id()]);
    let unknown = format!("/api/v1/orders?email={}@example.com", unique("nobody"));
    assert_eq!(shop.admin().await.walks(&unknown, 20).await.concat(), Vec::<Value>::new());
}

#[tokio::test]
async fn list_of_orders_has_pages() {
    let shop = Shop::open().await;
    let (customer, orders) = buyer_of(&shop, 5).await;
    let by_email = format!("/api/v1/orders?email={}", customer.email);
    finds(&shop, &by_email, &orders[4]).await;
    let newest_first: Vec<_> = orders.iter().rev().map(|order| order.id().to_owned()).collect();
    let admin = shop.admin().await;
    let of_user = format!("/api/v1/orders/user/{}", customer.id());
    for (api, path) in [(&admin, &by_email), (&admin, &of_user), (&customer.api, &"/api/v1/orders".to_owned())] {
        let pages = api.walks(path, 2).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1], "{path}");
        assert_eq!(ids(&pages.concat()), newest_first, "{path} should list each order once, in order");
    }
    // All orders of the shop, while others go on buying.
    for filter in ["", "?status=confirmed"] {
        let path = format!("/api/v1/orders{filter}");
        let (pages, _) = futures::join!(admin.walks(&path, 50), join_all((0..2).map(|_| buyer_of(&shop, 1))));
        are_newest_first(&pages.concat());
    }
}

#[tokio::test]
async fn order_that_an_operator_has_deleted_is_left_out_of_lists() {
    let shop = Shop::open().await;
    let (customer, orders) = buyer_of(&shop, 3).await;
    let deleted = customer.awaits(&orders[1], "confirmed", "paid").await;
    shop.mailbox.awaits(&customer.email, &[deleted.number()]).await;
    for sk in ["ORDER", "ORDER#PLACED"] {
        shop.rows.removes("orders", &format!("ORDER#{}", deleted.id()), sk).await;
    }
    let pages = customer.api.walks("/api/v1/orders", 1).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 1], "its page should be empty, and not the last");
    assert_eq!(ids(&pages.concat()), [orders[2].id(), orders[0].id()]);
    let export = shop.exports_personal_data(&customer).await;
    assert_eq!(export["orders"].as_array().map(Vec::len), Some(2), "{export}");
}

#[tokio::test]
async fn cursor_is_valid_for_its_own_search_only() {
    let shop = Shop::open().await;
    let (customer, orders) = buyer_of(&shop, 2).await;
    let by_email = format!("/api/v1/orders?email={}&limit=1", customer.email);
    finds(&shop, &format!("/api/v1/orders?email={}", customer.email), &orders[1]).await;
    let admin = shop.admin().await;
    let page = admin.get(&by_email).await.expect(200).json();
    let cursor =
        page["pagination"]["cursor"].as_str().unwrap_or_else(|| panic!("there should be a second page: {page}"));
    admin.get(&format!("{by_email}&cursor={cursor}")).await.expect(200);

    let middle = cursor.len() / 2;
    let other = if cursor[middle..].starts_with('A') { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &cursor[..middle], &cursor[middle + 1..]);
    for bad in [tampered.as_str(), "nonsense", &cursor[..middle]] {
        admin.get(&format!("{by_email}&cursor={bad}")).await.expect_problem(400, "invalid_cursor");
    }
    let other = shop.new_customer().await;
    let other_path = [
        "/api/v1/orders?limit=1".to_owned(),
        "/api/v1/orders?status=confirmed&limit=1".to_owned(),
        format!("/api/v1/orders?from={}&limit=1", day(-1)),
        format!("/api/v1/orders?email={}&limit=1", other.email),
        format!("/api/v1/orders/user/{}?limit=1", customer.id()),
    ];
    for list in other_path {
        admin.get(&format!("{list}&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    }
    let own = format!("/api/v1/orders?limit=1&cursor={cursor}");
    customer.api.get(&own).await.expect_problem(400, "invalid_cursor");
}

#[tokio::test]
async fn invalid_order_search_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let bad = [
        ("status=lost".to_owned(), "status"),
        ("from=yesterday".to_owned(), "from"),
        ("from=2026-13-01T00:00:00Z".to_owned(), "from"),
        ("to=2026-02-30T00:00:00Z".to_owned(), "to"),
        (format!("from={}&to={}", day(1), day(-1)), "from"),
        ("number=nonsense!".to_owned(), "number"),
        ("email=nobody".to_owned(), "email"),
        ("limit=0".to_owned(), "limit"),
        ("limit=101".to_owned(), "limit"),
        ("limit=many".to_owned(), "limit"),
    ];
    for (filter, field) in bad {
        admin.get(&format!("/api/v1/orders?{filter}")).await.expect_refusal(422).names_field(field);
    }
    admin.get("/api/v1/orders?colour=red").await.expect_refusal(422);
}

#[tokio::test]
async fn customer_lists_own_orders_and_cannot_search() {
    let shop = Shop::open().await;
    let (customer, orders) = buyer_of(&shop, 2).await;
    let (stranger, _) = buyer_of(&shop, 1).await;
    let own = customer.api.walks("/api/v1/orders", 20).await.concat();
    assert_eq!(ids(&own), [orders[1].id(), orders[0].id()], "only the customer's own orders should be listed");
    let of_self = customer.api.walks(&format!("/api/v1/orders/user/{}", customer.id()), 20).await.concat();
    assert_eq!(ids(&of_self), ids(&own));
    stranger.api.get(&format!("/api/v1/orders/user/{}", customer.id())).await.expect_refusal(404);

    let filters = [
        ("status", "confirmed".to_owned()),
        ("from", day(-1)),
        ("to", day(1)),
        ("number", orders[0].number().to_owned()),
        ("email", customer.email.clone()),
    ];
    for (name, value) in filters {
        let path = format!("/api/v1/orders?{name}={value}");
        customer.api.get(&path).await.expect_refusal(422).names_field(name);
        shop.anonymous().get(&path).await.expect_refusal(401);
    }
}
