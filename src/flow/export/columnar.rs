//! A table as Apache Parquet: each column with its type, so that nobody has to guess it.
//! What the columns are called, and of which kind they are, is decided before.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::DateTime;
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Stored},
    data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{Type, TypePtr},
};

use super::{Column, Datum, Kind, Table};

/// So many rows lie together, and are read together.
const GROUP: usize = 100_000;

pub(super) fn write(table: &Table) -> anyhow::Result<Vec<u8>> {
    let fields: Result<_, ParquetError> = table.columns.iter().map(field).collect();
    let schema = Type::group_type_builder(table.what.as_str()).with_fields(fields?).build()?;
    let properties = WriterProperties::builder()
        .set_created_by("hangloat".to_owned())
        .set_compression(Compression::SNAPPY)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    for rows in table.rows.chunks(GROUP) {
        let mut group = writer.next_row_group()?;
        for (at, (name, kind)) in table.columns.iter().enumerate() {
            let mut column = group.next_column()?.context("A table has all of its columns")?;
            let cells: Vec<&Datum> = rows.iter().map(|row| &row[at]).collect();
            put(&mut column, *kind, &cells).with_context(|| format!("The column `{name}`"))?;
            column.close()?;
        }
        group.close()?;
    }
    Ok(writer.into_inner()?)
}

/// Any cell may be empty.
fn field((name, kind): &Column) -> Result<TypePtr, ParquetError> {
    let (stored, meant) = match kind {
        Kind::Text => (Stored::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole | Kind::Money => (Stored::INT64, None),
        Kind::Day => (Stored::INT32, Some(LogicalType::Date)),
        Kind::Moment => (Stored::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
    };
    let field = Type::primitive_type_builder(name, stored)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(meant);
    field.build().map(Arc::new)
}

fn put(
    column: &mut SerializedColumnWriter<'_>,
    kind: Kind,
    cells: &[&Datum],
) -> anyhow::Result<()> {
    match kind {
        Kind::Text => put_as::<ByteArrayType>(column, cells, |cell| match cell {
            Datum::Text(text) => Some(ByteArray::from(text.as_str())),
            _ => None,
        }),
        Kind::Whole | Kind::Money => put_as::<Int64Type>(column, cells, |cell| match cell {
            Datum::Whole(number) | Datum::Money(number) => Some(*number),
            _ => None,
        }),
        Kind::Day => put_as::<Int32Type>(column, cells, |cell| match cell {
            Datum::Day(day) => {
                i32::try_from((*day - DateTime::UNIX_EPOCH.date_naive()).num_days()).ok()
            }
            _ => None,
        }),
        Kind::Moment => put_as::<Int64Type>(column, cells, |cell| match cell {
            Datum::Moment(at) => Some(at.timestamp_micros()),
            _ => None,
        }),
    }
}

fn put_as<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    cells: &[&Datum],
    value: impl Fn(&Datum) -> Option<T::T>,
) -> anyhow::Result<()> {
    let mut values = Vec::with_capacity(cells.len());
    let mut filled = Vec::with_capacity(cells.len());
    for cell in cells {
        filled.push(i16::from(**cell != Datum::Nothing));
        match value(cell) {
            Some(value) => values.push(value),
            None if **cell == Datum::Nothing => {}
            None => bail!("{cell:?} is of another kind"),
        }
    }
    column.typed::<T>().write_batch(&values, Some(&filled), None)?;
    Ok(())
}
