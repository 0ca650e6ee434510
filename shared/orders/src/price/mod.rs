//! Room of prices: what an order costs before it is placed, and what is kept of its price.
//!
//! What must stay true:
//! - Carts, quotes and orders are priced by one function, `cart::price_basket`. So an order costs what its quote said.
//! - An order is placed at the total that its customer expects, or refused with the present price.
//! - What is kept of a price never changes. A price that has only lines is not kept at all.

pub(crate) mod basis;
pub(crate) mod buyer_tax;
pub(crate) mod changed_part;
pub(crate) mod check_coupons;
pub(crate) mod customer;
pub(crate) mod offered_items;
pub(crate) mod order_price;
pub(crate) mod price_order;
pub(crate) mod price_row;
pub(crate) mod price_sale;
pub(crate) mod sale;
pub(crate) mod shipping;
