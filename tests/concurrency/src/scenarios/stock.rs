//! Many want what there is little of.

use futures::future::join_all;

use crate::people::Purchase;
use crate::run::Run;

/// Fourteen buyers, seven pieces, one or two for each; some from carts, some past them. An admin counts meanwhile.
pub(super) async fn many_want_one_sku(run: &Run) {
    let mug = run.sells(7, 1299).await;
    let buyers = join_all((0..14).map(async |number| {
        let name = format!("one-sku buyer {number}");
        let buyer = if number % 4 == 0 { run.customer(&name).await } else { run.guest(&name).await };
        (buyer, run.source(&name))
    }))
    .await;
    let buying = join_all(buyers.into_iter().map(async |(buyer, mut random)| {
        let quantity = random.u32(1..=2);
        if random.bool() {
            buyer.adds(&mug, quantity).await;
            buyer.buys(&Purchase::of_cart()).await;
        } else {
            buyer.buys(&Purchase::of(&[(&mug, quantity)])).await;
        }
    }));
    let counting = async {
        run.moves_stock(&mug, -1).await;
        run.moves_stock(&mug, 2).await;
    };
    futures::join!(buying, counting);
}

/// Six buyers name the same SKU in two lines of one order, beside another; there are enough for four.
pub(super) async fn one_sku_in_several_lines(run: &Run) {
    let (scarce, plenty) = (run.sells(21, 499).await, run.sells(50, 24_950).await);
    join_all((0..6).map(async |number| {
        let name = format!("several-lines buyer {number}");
        let (buyer, mut random) = (run.guest(&name).await, run.source(&name));
        let mut lines = vec![(&scarce, 2), (&plenty, random.u32(1..=3)), (&scarce, 3)];
        random.shuffle(&mut lines);
        buyer.buys(&Purchase::of(&lines)).await;
    }))
    .await;
}
