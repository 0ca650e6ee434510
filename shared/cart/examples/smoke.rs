//! Temporary.
#![allow(warnings)]
use aws_kit::*;
use cart::*;
use catalog::*;
use serde_json::json;
use values::*;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let aws = Aws::from_env().await;
    let cat = Catalog::new(aws.table("SOUK_TABLE_CATALOG").unwrap());
    let eur: Currency = "EUR".parse().unwrap();
    let clock = Clock::System;
    let p = Products::new(cat.clone(), clock.clone(), eur);
    let carts = Carts::new(aws.table("SOUK_TABLE_CART").unwrap(), cat.clone(), clock.clone());
    let trace = Trace { correlation_id: "c".into(), causation_id: None, actor: Actor("admin:x".into()) };
    let admin = Caller::User { id: clock.mint(), role: Role::Admin, session: clock.mint() };
    let run = format!("{:x}", clock.now().millis());
    let draft = |n: usize| Draft {
        sku: format!("S{run}-{n}").parse().unwrap(),
        sheet: Sheet {
            name: serde_json::from_value(json!(format!("Mug {n}"))).unwrap(),
            description: Default::default(),
            category: serde_json::from_value(json!(format!("cat-{}-{run}", n % 2))).unwrap(),
            tags: serde_json::from_value(json!(["a"])).unwrap(),
            attributes: serde_json::from_value(json!({"w": 4.5, "n": 3, "f": true, "t": "x"})).unwrap(),
            price: Money::new(100 + n as i64, eur),
            tax_class: Default::default(),
        },
        available: 10,
    };
    let fresh = |a: Attempt<Listing>| match a { Attempt::Fresh(l) => l, Attempt::Replayed(_) => panic!("replayed") };
    let mut all = vec![];
    for n in 0..23 { all.push(fresh(p.create(draft(n), &trace, None).await.unwrap())); }
    println!("taken: {}", p.create(draft(0), &trace, None).await.unwrap_err());
    let once = Idempotency::new("a", "POST /products", &format!("k{run}"), &"body").unwrap();
    let a = fresh(p.create(draft(50), &trace, Some(&once)).await.unwrap());
    match p.create(draft(50), &trace, Some(&once)).await.unwrap() { Attempt::Replayed(l) => assert_eq!(l, a), _ => panic!() }
    let other = Idempotency::new("a", "POST /products", &format!("k{run}"), &"other").unwrap();
    println!("mismatch: {}", p.create(draft(51), &trace, Some(&other)).await.unwrap_err());
    // cold and warm read
    let cold = Products::new(Catalog::new(cat.table().clone()), clock.clone(), eur);
    let id = all[3].product.id;
    let l = cold.read(id, &Caller::Guest).await.unwrap();
    assert_eq!(l, cold.read(id, &Caller::Guest).await.unwrap());
    assert_eq!(serde_json::to_value(&l.product.attributes).unwrap(), json!({"w": 4.5, "n": 3, "f": true, "t": "x"}));
    // patch
    let patch: Patch = serde_json::from_value(json!({"name": "New", "price": {"amount": 777}, "attributes": {"f": null}})).unwrap();
    let once = Idempotency::new("a", "PATCH", &format!("p{run}"), &"body").unwrap();
    let l2 = fresh(p.patch(id, 1, patch.clone(), &trace, Some(&once)).await.unwrap());
    assert!(matches!(p.patch(id, 1, patch.clone(), &trace, Some(&once)).await.unwrap(), Attempt::Replayed(_)));
    println!("412: {}", p.patch(id, 1, patch, &trace, None).await.unwrap_err());
    let l3 = p.read(id, &Caller::Guest).await.unwrap();
    assert_eq!(l2, l3);
    assert_eq!((l3.offer.price_version, l3.offer.name.as_str(), l3.product.version), (2, "New", 2));
    // replace to another category
    let mut sheet = l3.sheet(); sheet.category = serde_json::from_value(json!("moved")).unwrap();
    p.replace(id, 2, sheet, &trace).await.unwrap();
    // stock
    let re = |m| Recount { sku: None, movement: m, reason: None, version: Some(3) };
    assert_eq!(fresh(p.recount(id, &re(Movement::Set(5)), &trace, None).await.unwrap()).offer.available, 5);
    assert_eq!(fresh(p.recount(id, &re(Movement::Delta(-2)), &trace, None).await.unwrap()).offer.available, 3);
    println!("neg: {}", p.recount(id, &re(Movement::Delta(-9)), &trace, None).await.unwrap_err());
    println!("412: {}", p.recount(id, &Recount { version: Some(1), ..re(Movement::Set(1)) }, &trace, None).await.unwrap_err());
    // 10 deltas at once
    let bump = Recount { sku: None, movement: Movement::Delta(1), reason: None, version: None };
    let both = futures::future::join_all((0..10).map(|_| p.recount(id, &bump, &trace, None))).await;
    assert!(both.iter().all(|r| r.is_ok()));
    assert_eq!(p.read(id, &Caller::Guest).await.unwrap().offer.available, 13);
    // lists
    for category in [None, Some(serde_json::from_value::<Category>(json!(format!("cat-0-{run}"))).unwrap())] {
        let mut after = None; let mut seen = vec![];
        loop {
            let page = p.list(category.as_ref(), &PageRequest { limit: 5, after }).await.unwrap();
            seen.extend(page.rows.iter().map(|l| l.product.id));
            after = page.next; if after.is_none() { break }
        }
        assert!(seen.windows(2).all(|w| w[0] > w[1]));
        println!("listed {} {:?}", seen.len(), category);
    }
    p.archive(all[4].product.id, 1, &trace).await.unwrap();
    println!("archived: {} / {:?}", p.read(all[4].product.id, &Caller::Guest).await.unwrap_err(), p.read(all[4].product.id, &admin).await.unwrap().product.status);
    println!("again: {}", p.archive(all[4].product.id, 2, &trace).await.unwrap_err());
    println!("categories {}", serde_json::to_string(&p.categories().await.unwrap()).unwrap());
    // take / why
    let sku = all[5].product.sku.clone();
    assert!(cat.take(&sku, 10, 1).unwrap().run().await.unwrap().is_ok());
    for (q, v) in [(1, 1), (1, 2)] {
        let refused = cat.take(&sku, q, v).unwrap().run().await.unwrap().unwrap_err();
        println!("{:?}", why_unsold(&refused, q, v).unwrap());
    }
    let gone = cat.take(&"NOPE".parse().unwrap(), 1, 1).unwrap().run().await.unwrap().unwrap_err();
    println!("{:?}", why_unsold(&gone, 1, 1).unwrap());
    cat.give_back(&sku, 10).unwrap().run().await.unwrap().unwrap();
    // cart
    let owner = Owner::User(clock.mint());
    let item = Item::Sku(all[6].product.sku.clone());
    let q = |n| Quantity::new(n).unwrap();
    assert!(carts.read(&owner).await.unwrap().is_none());
    println!("empty view v{}", carts.view(owner).await.unwrap().cart.version);
    let adds = futures::future::join_all((0..10).map(|_| carts.add(owner, &item, q(1), None, None))).await;
    for a in &adds { if let Err(e) = a { println!("add failed: {e}") } }
    let c = carts.read(&owner).await.unwrap().unwrap();
    assert_eq!((c.lines[0].quantity.get(), c.version), (10, 10));
    println!("short: {:?}", carts.add(owner, &item, q(1), None, None).await.unwrap_err());
    println!("unknown: {}", carts.add(owner, &Item::Sku("NOPE".parse().unwrap()), q(1), None, None).await.unwrap_err());
    let once = Idempotency::new("u", "POST", &format!("c{run}"), &"b").unwrap();
    let item2 = Item::Product(all[7].product.id);
    let v1 = carts.add(owner, &item2, q(10), None, Some(&once)).await.unwrap();
    let v2 = carts.add(owner, &item2, q(10), None, Some(&once)).await.unwrap();
    match (v1, v2) { (Attempt::Fresh(a), Attempt::Replayed(b)) => assert_eq!(a, b), _ => panic!() }
    // changes
    let patch: Patch = serde_json::from_value(json!({"price": {"amount": 999}})).unwrap();
    p.patch(all[7].product.id, 1, patch, &trace, None).await.unwrap();
    p.archive(all[6].product.id, 1, &trace).await.unwrap();
    println!("inspect {}", serde_json::to_string(&carts.inspect(owner).await.unwrap().changes).unwrap());
    let v = carts.view(owner).await.unwrap();
    println!("view {} v{}", serde_json::to_string(&v.changes).unwrap(), v.cart.version);
    let v = carts.view(owner).await.unwrap();
    assert!(v.changes.is_empty());
    println!("set 404: {}", carts.set(owner, &item, 1, None).await.unwrap_err());
    println!("412: {}", carts.set(owner, &item2, 1, Some(1)).await.unwrap_err());
    assert_eq!(carts.set(owner, &item2, 3, Some(v.cart.version)).await.unwrap().cart.lines[0].quantity.get(), 3);
    let c = carts.read(&owner).await.unwrap().unwrap();
    carts.convert(&c).unwrap().run().await.unwrap().unwrap();
    assert!(carts.convert(&c).unwrap().run().await.unwrap().is_err());
    let after = carts.read(&owner).await.unwrap().unwrap();
    assert!(after.lines.is_empty() && after.version == c.version + 1);
    carts.set(owner, &item2, 2, None).await.unwrap();
    assert!(carts.set(owner, &item2, 0, None).await.unwrap().cart.lines.is_empty());
    println!("remove: {}", carts.remove(owner, &item2, None).await.unwrap_err());
    let g = carts.make().await.unwrap().cart;
    println!("guest {} v{}", g.owner, g.version);
    carts.add(g.owner, &item2, q(1), None, None).await.unwrap();
    carts.clear(g.owner, None).await.unwrap();
    println!("no such: {}", carts.add(Owner::Guest(clock.mint()), &item2, q(1), None, None).await.err().unwrap());
    // expiry
    let later = Carts::new(carts.table().clone(), cat.clone(), Clock::fixed(clock.now().plus_seconds(8 * 24 * 3600)));
    assert!(later.read(&owner).await.unwrap().is_none());
    let v0 = carts.read(&owner).await.unwrap().unwrap().version;
    let Attempt::Fresh(v) = later.add(owner, &item2, q(1), None, None).await.unwrap() else { panic!() };
    assert_eq!(v.cart.version, v0 + 1);
    println!("OK");
}
