//! Whole lives of orders, from the first click to the last message, so that what an order costs can be summed up.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::company::Company;
use crate::events::Request;
use crate::flow::{Customer, Shop, add_to_cart, address, cycled, place_order, text};
use crate::hooks::Hooks;
use crate::stage::{Act, Stage, Story};
use crate::world::World;

/// How long these orders hold their stock. Long enough that no worker prolongs it, as none would prolong the usual ten
/// minutes, and short enough to be waited for.
pub(crate) const HOLD_SECONDS: u64 = 40;
/// What adds to a cart and what places an order, in every life.
pub(crate) const ADD: &str = "add to a cart";
pub(crate) const PLACE: &str = "place an order";
/// Stripe's test method that every bank declines.
const DECLINED_METHOD: &str = "pm_card_chargeDeclined";

/// How an order lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Paid,
    Delivered,
    Guest,
    Notified,
    Declined,
}

impl Way {
    /// The first is the usual one.
    pub(crate) const ALL: [Self; 5] = [Self::Paid, Self::Delivered, Self::Guest, Self::Notified, Self::Declined];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Delivered => "delivered",
            Self::Guest => "guest",
            Self::Notified => "notified",
            Self::Declined => "declined",
        }
    }

    pub(crate) fn tale(self) -> &'static str {
        match self {
            Self::Paid => "a customer's cart, order, payment, capture, mail",
            Self::Delivered => "as paid, and an admin moves it to processing, shipped and delivered",
            Self::Guest => "as paid, by a guest, who makes a cart first and leaves an email",
            Self::Notified => "as paid, and the provider's webhooks of it come when all is done",
            Self::Declined => "the card is declined, nothing else is tried: the hold ends, the stock goes back",
        }
    }
}

/// The lives of some orders that went the same way.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) way: Way,
    /// An order each; or why there are none.
    pub(crate) orders: Result<Vec<Vec<Act>>>,
}

/// Lives under way.
#[derive(Debug)]
pub(crate) struct Lives<'a> {
    stage: Stage<'a>,
    lived: Vec<Life>,
    /// They end when their holds have.
    declined: Result<Vec<Story>>,
    holds_end: Instant,
}

#[derive(Debug)]
struct Scenes<'a> {
    world: &'a World,
    shop: &'a Shop,
    /// Tells these orders' keys from others'.
    name: &'static str,
}

impl<'a> Lives<'a> {
    /// Lets `orders` orders go each way; those of declined cards wait for the end of their holds.
    pub(crate) async fn begin(
        world: &'a World,
        company: Company,
        shop: &'a Shop,
        name: &'static str,
        orders: usize,
    ) -> Self {
        let scenes = Scenes { world, shop, name };
        let mut stage = Stage::of(world, company);
        let declined = scenes.all(&mut stage, Way::Declined, orders).await;
        let holds_end = Instant::now() + Duration::from_secs(HOLD_SECONDS + 1);
        let mut lived = Vec::new();
        for way in Way::ALL.into_iter().filter(|way| *way != Way::Declined) {
            let stories = scenes.all(&mut stage, way, orders).await;
            lived.push(Life { way, orders: stories.map(acts) });
        }
        Self { stage, lived, declined, holds_end }
    }

    /// All of them, in the order of [`Way::ALL`].
    pub(crate) async fn end(mut self) -> Vec<Life> {
        let orders = match self.declined {
            Ok(stories) => {
                tokio::time::sleep_until(self.holds_end.into()).await;
                Scenes::expire(&mut self.stage, stories).await.map(acts)
            }
            Err(error) => Err(error),
        };
        self.lived.push(Life { way: Way::Declined, orders });
        self.lived
    }
}

fn acts(stories: Vec<Story>) -> Vec<Vec<Act>> {
    stories.into_iter().map(|story| story.acts).collect()
}

impl Scenes<'_> {
    async fn all(&self, stage: &mut Stage<'_>, way: Way, orders: usize) -> Result<Vec<Story>> {
        let hooks = if way == Way::Notified { Some(Hooks::listen(self.world).await?) } else { None };
        let stories = self.each(stage, way, orders, hooks.as_ref()).await;
        if let Some(hooks) = hooks {
            hooks.close().await?;
        }
        stories
    }

    async fn each(&self, stage: &mut Stage<'_>, way: Way, orders: usize, hooks: Option<&Hooks>) -> Result<Vec<Story>> {
        let mut stories = Vec::with_capacity(orders);
        for index in 0..orders {
            stage.opens(Story::default()).await?;
            self.one(stage, way, index).await?;
            if let Some(hooks) = hooks {
                Self::hear(stage, hooks).await?;
            }
            stories.push(stage.closes());
        }
        Ok(stories)
    }

    async fn one(&self, stage: &mut Stage<'_>, way: Way, index: usize) -> Result<()> {
        let customer = cycled(&self.shop.customers, index);
        match way {
            Way::Paid | Way::Notified => self.pay(stage, way, index, customer).await.map(|_| ()),
            Way::Delivered => {
                let order = self.pay(stage, way, index, customer).await?;
                self.deliver(stage, &order).await
            }
            Way::Guest => self.visit(stage, way, index).await,
            Way::Declined => {
                let mut method = self.world.stack.payment_method.clone();
                method["token"] = DECLINED_METHOD.into();
                self.buy(stage, way, index, customer, &method).await?;
                stage.settles().await
            }
        }
    }

    /// The whole of the usual way; the order's id.
    async fn pay(&self, stage: &mut Stage<'_>, way: Way, index: usize, customer: &Customer) -> Result<String> {
        let order = self.buy(stage, way, index, customer, &self.world.stack.payment_method).await?;
        stage.settles().await?;
        stage.time_passes().await?;
        Ok(order)
    }

    async fn buy(
        &self,
        stage: &mut Stage<'_>,
        way: Way,
        index: usize,
        customer: &Customer,
        method: &Value,
    ) -> Result<String> {
        let sku = &cycled(&self.shop.products, index).sku;
        stage.asks("cart", ADD, add_to_cart("me", sku).by(&customer.token)).await?;
        let body = json!({ "cart": "me", "shippingAddress": address(), "paymentMethod": method });
        let order = place_order(&body, self.key(way, index)).by(&customer.token);
        text(&stage.asks("orders", PLACE, order).await?, "id")
    }

    async fn visit(&self, stage: &mut Stage<'_>, way: Way, index: usize) -> Result<()> {
        let sku = &cycled(&self.shop.products, index).sku;
        let cart = stage.asks("cart", "make a cart", Request::new("POST", "/api/v1/cart")).await?;
        let cart = text(&cart, "owner")?;
        stage.asks("cart", ADD, add_to_cart(&cart, sku)).await?;
        let body = json!({
            "cart": cart,
            "email": format!("{}-guest-{index}@example.com", self.name),
            "shippingAddress": address(),
            "paymentMethod": self.world.stack.payment_method,
        });
        stage.asks("orders", PLACE, place_order(&body, self.key(way, index))).await?;
        stage.settles().await?;
        stage.time_passes().await
    }

    async fn deliver(&self, stage: &mut Stage<'_>, order: &str) -> Result<()> {
        for status in ["processing", "shipped", "delivered"] {
            let path = format!("/api/v1/orders/{order}/status");
            let request = Request::patch(path, &json!({ "status": status })).by(&self.shop.admin);
            stage.asks("orders", &format!("move to {status}"), request).await?;
            stage.settles().await?;
        }
        Ok(())
    }

    /// What the provider tells, until it has nothing more to tell.
    async fn hear(stage: &mut Stage<'_>, hooks: &Hooks) -> Result<()> {
        loop {
            let heard = hooks.take().await?;
            if heard.is_empty() {
                return Ok(());
            }
            for hook in heard {
                let does = format!("hear {}", hook.event_type());
                stage.asks("payments", &does, hook.request()).await?;
                stage.settles().await?;
            }
        }
    }

    /// The holds of these orders have ended.
    async fn expire(stage: &mut Stage<'_>, stories: Vec<Story>) -> Result<Vec<Story>> {
        let mut ended = Vec::with_capacity(stories.len());
        for story in stories {
            stage.opens(story).await?;
            stage.time_passes().await?;
            ended.push(stage.closes());
        }
        Ok(ended)
    }

    fn key(&self, way: Way, index: usize) -> String {
        format!("{}-{}-{index}", self.name, way.name())
    }
}
