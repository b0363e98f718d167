//! The answers of polars: masks and joins over columns.

use polars::prelude::{
    Column, DataFrame, DataType, Expr, IntoLazy, JoinArgs, JoinType, LazyFrame, NULL, PolarsError,
    PolarsResult, col, lit, when,
};

use super::{Key, Total};

pub fn first_of_equals(keys: &[Key]) -> PolarsResult<Vec<Vec<Option<usize>>>> {
    let rows = keys.iter().map(|key| key.rows).max().unwrap_or_default();
    let mut columns = vec![numbers("row", rows)];
    let mut masks = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let parts = parts(&format!("{at}."), key);
        columns.extend(texts(&parts, key));
        let first = col("row").first().over(exprs(&parts))?;
        let mask = when(col(parts[0].as_str()).is_not_null()).then(first).otherwise(lit(NULL));
        masks.push(mask.cast(DataType::UInt64).alias(format!("first {at}")));
    }
    let frame = DataFrame::new(rows, columns)?.lazy().select(masks).collect()?;
    let firsts = |at: usize| {
        let firsts = frame.column(&format!("first {at}"))?.u64()?.iter();
        let before = |(row, first): (usize, Option<u64>)| {
            let first = usize::try_from(first?).ok()?;
            (first != row).then_some(first)
        };
        Ok(firsts.enumerate().map(before).collect())
    };
    (0..keys.len()).map(firsts).collect()
}

pub fn matches(left: &Key, right: &Key) -> PolarsResult<Vec<(usize, usize)>> {
    let frame = join(left, right, JoinType::Inner)?;
    let mut pairs: Vec<(usize, usize)> =
        positions(&frame, "left")?.into_iter().zip(positions(&frame, "right")?).collect();
    pairs.sort_unstable();
    Ok(pairs)
}

pub fn missing(left: &Key, right: &Key) -> PolarsResult<Vec<usize>> {
    let mut missing = positions(&join(left, right, JoinType::Anti)?, "left")?;
    missing.sort_unstable();
    Ok(missing)
}

pub fn totals(key: &Key, amounts: &[i64]) -> PolarsResult<Vec<Total>> {
    let parts = parts("", key);
    let mut columns = vec![numbers("row", key.rows), Column::new("amount".into(), amounts)];
    columns.extend(texts(&parts, key));
    let known =
        DataFrame::new(key.rows, columns)?.lazy().filter(col(parts[0].as_str()).is_not_null());
    let sums = [
        col("row").first().alias("first"),
        col("row").count().cast(DataType::UInt64).alias("rows"),
        col("amount").sum().alias("sum"),
    ];
    let frame = known.group_by_stable(exprs(&parts)).agg(sums).collect()?;
    let (rows, sums) = (positions(&frame, "rows")?, frame.column("sum")?.i64()?);
    let totals = positions(&frame, "first")?.into_iter().zip(rows).zip(sums.iter());
    Ok(totals
        .map(|((first, rows), sum)| Total {
            first,
            rows: rows as u64,
            sum: sum.unwrap_or_default(),
        })
        .collect())
}

/// Empty keys match nothing, as everywhere in polars unless it is asked for.
fn join(left: &Key, right: &Key, how: JoinType) -> PolarsResult<DataFrame> {
    let on = exprs(&parts("", left));
    let (left, right) = (rows("left", left)?, rows("right", right)?);
    left.join(right, &on, &on, JoinArgs::new(how)).collect()
}

fn rows(name: &str, key: &Key) -> PolarsResult<LazyFrame> {
    let mut columns = vec![numbers(name, key.rows)];
    columns.extend(texts(&parts("", key), key));
    Ok(DataFrame::new(key.rows, columns)?.lazy())
}

fn numbers(name: &str, rows: usize) -> Column {
    Column::new(name.into(), (0_u64..).take(rows).collect::<Vec<u64>>())
}

fn texts(names: &[String], key: &Key) -> Vec<Column> {
    let columns = names.iter().zip(&key.columns);
    columns.map(|(name, column)| Column::new(name.as_str().into(), column.as_slice())).collect()
}

fn parts(prefix: &str, key: &Key) -> Vec<String> {
    (0..key.columns.len()).map(|at| format!("{prefix}{at}")).collect()
}

fn exprs(names: &[String]) -> Vec<Expr> {
    names.iter().map(|name| col(name.as_str())).collect()
}

fn positions(frame: &DataFrame, name: &str) -> PolarsResult<Vec<usize>> {
    let lost = || PolarsError::NoData(format!("{name} has no number").into());
    let position =
        |row: Option<u64>| row.and_then(|row| usize::try_from(row).ok()).ok_or_else(lost);
    frame.column(name)?.u64()?.iter().map(position).collect()
}
