//! Promotions and coupons: what they are, when they apply, and how often they were used. What they do to a price is in `pricing`.
