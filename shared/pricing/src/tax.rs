//! Tax by group. A tax group is a set of rates. Its tax is computed once, on the sum of its lines and its part of shipping (EN 16931,
//! BR-CO-17), and then divided among them and among the jurisdictions by the largest remainders of the exact tax.

use std::cmp::Reverse;

use values::{Error, Result};

use crate::context::{Context, PriceMode};
use crate::goods::Goods;
use crate::rounding::{MILLION, allocate, half_up, narrow, product, spread, sum, total};
use crate::rules::{Rules, ShippingTax, TaxComponent};

/// The taxes of an order.
#[derive(Debug)]
pub(crate) struct Taxes<'a> {
    pub(crate) groups: Vec<GroupTax<'a>>,
    /// One for each line of the goods.
    pub(crate) lines: Vec<Taxed>,
    pub(crate) shipping: Taxed,
}

/// The tax of a group in one jurisdiction.
#[derive(Debug)]
pub(crate) struct GroupTax<'a> {
    pub(crate) component: &'a TaxComponent,
    /// Without tax.
    pub(crate) base: i64,
    pub(crate) amount: i64,
}

/// A line or shipping with its taxes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taxed {
    /// What the buyer pays for it, without tax that is added.
    pub(crate) total: i64,
    /// Without any tax.
    pub(crate) net: i64,
    /// The rate of a tax that the prices include and that an exempt buyer does not pay, in parts per million.
    pub(crate) removed_rate: i128,
    pub(crate) shares: Vec<Share>,
}

/// A share in a tax of [`Taxes::groups`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) tax: usize,
    pub(crate) base: i64,
    pub(crate) amount: i64,
}

/// A set of rates, and what is taxed with it.
struct Group<'a> {
    /// Sorted.
    components: Vec<&'a TaxComponent>,
    lines: Vec<usize>,
    shipping: i64,
}

impl Group<'_> {
    /// The sum of its rates, in parts per million.
    fn rate(&self) -> i128 {
        self.components.iter().map(|component| i128::from(component.ppm)).sum()
    }
}

/// Taxes what is left of the lines and of shipping after discounts. Fails with `tax_class_unknown`.
pub(crate) fn tax<'a>(
    goods: &Goods<'_>,
    totals: &[i64],
    shipping: i64,
    context: &Context,
    rules: &'a Rules,
) -> Result<Taxes<'a>> {
    let groups = groups(goods, totals, shipping, rules)?;
    let mut taxes =
        Taxes { groups: Vec::new(), lines: vec![Taxed::default(); totals.len()], shipping: Taxed::default() };
    for group in &groups {
        taxes.add(group, totals, context)?;
    }
    Ok(taxes)
}

/// The groups of the lines, in the order of the lines, with their parts of shipping.
fn groups<'a>(goods: &Goods<'_>, totals: &[i64], shipping: i64, rules: &'a Rules) -> Result<Vec<Group<'a>>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut of_class: Vec<Option<usize>> = vec![None; rules.tax_classes.len()];
    let mut of_line = Vec::with_capacity(goods.lines.len());
    for (index, line) in goods.lines.iter().enumerate() {
        let key = &line.line.tax_class;
        let Some(class) = rules.tax_classes.iter().position(|class| class.key == *key) else {
            return Err(Error::invalid("items", "tax_class_unknown", format!("the tax class {key} has no rates")));
        };
        let group = match of_class[class] {
            Some(group) => group,
            None => group_of(&rules.tax_classes[class].components, &mut groups),
        };
        of_class[class] = Some(group);
        groups[group].lines.push(index);
        of_line.push(group);
    }
    if shipping == 0 {
        return Ok(groups);
    }
    // The value of each line, or its pieces if everything is free.
    let is_free = totals.iter().all(|&total| total == 0);
    let weights: Vec<i64> =
        if is_free { goods.lines.iter().map(|line| line.quantity).collect() } else { totals.to_vec() };
    match &rules.shipping_tax {
        ShippingTax::Proportional => {
            for (&group, part) in of_line.iter().zip(allocate(shipping, &weights)?) {
                groups[group].shipping += part;
            }
        }
        ShippingTax::Principal => {
            let value = |group: &Group<'_>| group.lines.iter().map(|&line| i128::from(weights[line])).sum::<i128>();
            // The last one of equal ones wins, so the groups are counted backwards.
            let principal = groups.iter_mut().rev().max_by_key(|group| (value(group), group.rate()));
            if let Some(principal) = principal {
                principal.shipping = shipping;
            }
        }
        ShippingTax::Always(components) => {
            let group = group_of(components, &mut groups);
            groups[group].shipping = shipping;
        }
        ShippingTax::Never => {
            let group = group_of(&[], &mut groups);
            groups[group].shipping = shipping;
        }
    }
    Ok(groups)
}

/// The index of the group with these rates, which is added if there is none.
fn group_of<'a>(components: &'a [TaxComponent], groups: &mut Vec<Group<'a>>) -> usize {
    let mut sorted: Vec<&TaxComponent> = components.iter().collect();
    sorted.sort();
    groups.iter().position(|group| group.components == sorted).unwrap_or_else(|| {
        groups.push(Group { components: sorted, lines: Vec::new(), shipping: 0 });
        groups.len() - 1
    })
}

impl<'a> Taxes<'a> {
    fn add(&mut self, group: &Group<'a>, totals: &[i64], context: &Context) -> Result<()> {
        let rate = group.rate();
        let (is_gross, is_exempt) = (context.market.prices == PriceMode::Gross, context.exemption.is_some());
        let denominator = if is_gross { MILLION + rate } else { MILLION };
        // The lines, and then shipping.
        let mut members: Vec<i64> = group.lines.iter().map(|&line| totals[line]).collect();
        members.push(group.shipping);
        let value = total(&members)?;
        let tax = half_up(i128::from(value) * rate, denominator)?;
        let exact: Vec<i128> = members.iter().map(|&member| i128::from(member) * rate).collect();
        let rows = spread(tax, &exact, denominator)?;
        let cells = match is_exempt {
            true => vec![vec![0; group.components.len()]; members.len()],
            false => divide(group, &members, &rows, denominator)?,
        };
        let first = self.groups.len();
        let base = if is_gross { value - tax } else { value };
        for (index, &component) in group.components.iter().enumerate() {
            let amount = cells.iter().map(|cells| cells[index]).sum();
            self.groups.push(GroupTax { component, base, amount });
        }
        for (position, cells) in cells.into_iter().enumerate() {
            let (member, row) = (members[position], rows[position]);
            let net = if is_gross { member - row } else { member };
            let total = if is_exempt { net } else { member };
            let shares = cells.into_iter().enumerate();
            let shares = shares.map(|(index, amount)| Share { tax: first + index, base: net, amount });
            if let Some(&line) = group.lines.get(position) {
                let removed_rate = if is_exempt && is_gross { rate } else { 0 };
                self.lines[line] = Taxed { total, net, removed_rate, shares: shares.collect() };
            } else if member > 0 {
                self.shipping.total += total;
                self.shipping.net += net;
                self.shipping.shares.extend(shares);
            }
        }
        Ok(())
    }
}

/// The tax of each member in each jurisdiction. The sum of a member is its row. The sum of a jurisdiction is its share of the tax of the
/// group. Each cell gets its exact tax rounded down. What a row misses goes to the columns that miss most, one step each; more than one step
/// only if there are too few columns.
fn divide(group: &Group<'_>, members: &[i64], rows: &[i64], denominator: i128) -> Result<Vec<Vec<i64>>> {
    if group.components.len() == 1 {
        return Ok(rows.iter().map(|&row| vec![row]).collect());
    }
    let value = sum(members);
    let exact: Vec<i128> = group.components.iter().map(|component| value * i128::from(component.ppm)).collect();
    let mut missing = spread(total(rows)?, &exact, denominator)?;
    let mut cells = Vec::with_capacity(members.len());
    for &member in members {
        let exact = group.components.iter().map(|component| product(member, component.ppm.into()));
        cells.push(exact.map(|exact| narrow(exact / denominator)).collect::<Result<Vec<i64>>>()?);
    }
    for cells in &cells {
        for (missing, cell) in missing.iter_mut().zip(cells) {
            *missing -= cell;
        }
    }
    for (cells, &row) in cells.iter_mut().zip(rows) {
        let mut left = row - total(cells)?;
        let mut columns: Vec<usize> = (0..missing.len()).collect();
        columns.sort_by_key(|&column| Reverse(missing[column]));
        for most in [1, i64::MAX] {
            for &column in &columns {
                let more = left.min(missing[column]).min(most);
                cells[column] += more;
                missing[column] -= more;
                left -= more;
            }
        }
    }
    Ok(cells)
}
