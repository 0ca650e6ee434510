//! The lines by SKU, with their amounts in whole steps of the market.

use values::Result;

use crate::context::Context;
use crate::line::Line;
use crate::rounding::{narrow, product, total};
use crate::step::Scale;

/// All lines. Other files name a line by its index here.
#[derive(Debug)]
pub(crate) struct Goods<'a> {
    pub(crate) scale: Scale,
    /// By SKU, so that the order of the input makes no difference.
    pub(crate) lines: Vec<GoodsLine<'a>>,
}

#[derive(Debug)]
pub(crate) struct GoodsLine<'a> {
    pub(crate) line: &'a Line,
    /// The index in the input.
    pub(crate) position: usize,
    /// The price of a piece.
    pub(crate) unit: i64,
    pub(crate) quantity: i64,
    /// The value before discounts.
    pub(crate) listed: i64,
}

impl<'a> Goods<'a> {
    /// Fails as [`Line::unit_price`] and [`Scale::steps`], and with `amount_too_large` if the sum of all lines does not fit: then no sum of
    /// discounts can be too large either.
    pub(crate) fn new(lines: &'a [Line], context: &Context) -> Result<Self> {
        let scale = context.market.scale();
        let priced = |(position, line): (usize, &'a Line)| {
            let unit = scale.steps(line.unit_price(context)?, "items")?;
            let quantity = i64::from(line.quantity.get());
            Ok(GoodsLine { line, position, unit, quantity, listed: narrow(product(unit, quantity))? })
        };
        let mut lines = lines.iter().enumerate().map(priced).collect::<Result<Vec<_>>>()?;
        lines.sort_by(|a, b| a.line.sku.cmp(&b.line.sku));
        let listed: Vec<i64> = lines.iter().map(|line| line.listed).collect();
        scale.money(total(&listed)?)?;
        Ok(Self { scale, lines })
    }

    /// The listed value of some pieces of each line.
    pub(crate) fn value_of(&self, pieces: &[i64]) -> Result<i64> {
        narrow(self.lines.iter().zip(pieces).map(|(line, &pieces)| product(line.unit, pieces)).sum())
    }
}
