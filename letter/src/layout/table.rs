//! Tables: as wide as the page, each column as wide as it needs.

use super::blocks::{cell, pairs};
use super::flow::{Flow, Frame, Head, Row};
use crate::structure::{Element, Role};
use crate::style::{CELL, GREY, GUTTER, HAIRLINE, HEAD, SILVER, Style, WIDTH};
use crate::text::{natural_width, prepare};
use crate::{Table, Text};

/// With more columns, each would be too narrow to read; the rows are lists of facts then.
const MOST_COLUMNS: usize = 6;
/// So many rows say how wide columns are.
const MEASURED_ROWS: usize = 400;
/// Above and below the lines of a row.
const SPACE: f32 = 3.5;

pub(super) fn table(flow: &mut Flow, section: Element, table: &Table) {
    let columns = table.rows.iter().map(Vec::len).chain([table.head.len()]).max().unwrap_or(0);
    match columns {
        0 => {}
        1..=MOST_COLUMNS => grid(flow, section, table, columns),
        _ => lists(flow, section, table),
    }
}

fn grid(flow: &mut Flow, section: Element, table: &Table, columns: usize) {
    let empty = Text::default();
    let frames = frames(flow, table, columns);
    let element = flow.structure.element(Some(section), Role::Table, None);
    let parent = flow.structure.element(Some(element), Role::TableHead, None);
    let parent = flow.structure.element(Some(parent), Role::Row, None);
    let name = |(index, frame): (usize, &Frame)| {
        let text = table.head.get(index).unwrap_or(&empty);
        cell(flow, parent, Role::ColumnName, text, *frame, &HEAD)
    };
    let cells: Vec<_> = frames.iter().enumerate().map(name).collect();
    let copies = cells.iter().map(|cell| (cell.lines.clone(), cell.frame, cell.style));
    let head = Head { cells: copies.collect(), space: SPACE, rule: GREY };
    flow.need(4.0 * CELL.leading);
    flow.row(Row { cells, leading: HEAD.leading, space: SPACE, head: None });
    flow.rule(Frame::whole(), 0.6, GREY);

    let body = flow.structure.element(Some(element), Role::TableBody, None);
    for row in &table.rows {
        let parent = flow.structure.element(Some(body), Role::Row, None);
        let content = |(index, frame): (usize, &Frame)| {
            cell(flow, parent, Role::Cell, row.get(index).unwrap_or(&empty), *frame, &CELL)
        };
        let cells = frames.iter().enumerate().map(content).collect();
        flow.row(Row { cells, leading: CELL.leading, space: SPACE, head: Some(&head) });
        flow.rule(Frame::whole(), HAIRLINE, SILVER);
    }
}

/// Each row as facts under the names of the columns.
fn lists(flow: &mut Flow, section: Element, table: &Table) {
    let empty = Text::default();
    if table.rows.is_empty() {
        pairs(flow, section, table.head.iter().map(|name| (name, &empty)));
    }
    for (index, row) in table.rows.iter().enumerate() {
        if index > 0 {
            flow.space(2.0 * SPACE);
        }
        let columns = row.len().max(table.head.len());
        let fact = |index: usize| (table.head.get(index).unwrap_or(&empty), row.get(index).unwrap_or(&empty));
        pairs(flow, section, (0..columns).map(fact));
    }
}

/// The columns, from the widths that their cells would like to have.
fn frames(flow: &Flow, table: &Table, columns: usize) -> Vec<Frame> {
    let mut wanted = vec![0.0_f32; columns];
    let mut measure = |cells: &[Text], style: &Style| {
        for (cell, wanted) in cells.iter().zip(&mut wanted) {
            // A little more than measured: letters look different at the end of a line.
            *wanted = wanted.max(natural_width(&prepare(cell), style, flow.direction) + 1.0);
        }
    };
    measure(&table.head, &HEAD);
    for row in table.rows.iter().take(MEASURED_ROWS) {
        measure(row, &CELL);
    }
    let gaps = (1..columns).map(|_| GUTTER).sum::<f32>();
    let mut start = 0.0;
    let frame = |width: f32| {
        let frame = Frame { start, width };
        start += width + GUTTER;
        frame
    };
    shares(&wanted, WIDTH - gaps).into_iter().map(frame).collect()
}

/// Divides a width: who wants less than an equal share gets what it wants, the others divide the rest. What nobody
/// wants is divided, too.
fn shares(wanted: &[f32], width: f32) -> Vec<f32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut shares = vec![0.0; wanted.len()];
    let (mut rest, mut open) = (width, order.iter().map(|_| 1.0).sum::<f32>());
    for index in &order {
        shares[*index] = wanted[*index].min(rest / open);
        rest -= shares[*index];
        open -= 1.0;
    }
    let each = rest.max(0.0) / order.iter().map(|_| 1.0).sum::<f32>();
    shares.iter().map(|share| share + each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_columns_get_what_they_want() {
        assert_eq!(shares(&[10.0, 500.0, 80.0], 200.0), [10.0, 110.0, 80.0]);
        assert_eq!(shares(&[500.0, 500.0], 200.0), [100.0, 100.0]);
    }

    #[test]
    fn what_is_left_is_divided() {
        assert_eq!(shares(&[10.0, 30.0], 100.0), [40.0, 60.0]);
        assert_eq!(shares(&[0.0], 100.0), [100.0]);
    }
}
