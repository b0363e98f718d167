//! The options of an import: what is decided without asking, and what a list need not say.
//! Whether a default is a right value for a row is said by the checks of `flow`.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::LazyLock};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
    ser::SerializeMap,
};

use crate::{
    config::file::nearest,
    domain::{client::CustomerType, field::Field, words, words::words},
};

words! {
    /// What becomes of a list with enterprises and households.
    pub enum Mixed {
        /// Two orders.
        Split = "split",
        Refuse = "refuse",
    }
}

words! {
    /// Whether a step waits for a person.
    pub enum Ask {
        Ask = "ask",
        Auto = "auto",
    }
}

words! {
    /// What one bad row means for the others.
    pub enum OnError {
        AcceptValid = "accept-valid",
        RejectFile = "reject-file",
    }
}

words! {
    /// What becomes of rows that the sheet hides.
    pub enum HiddenRows {
        Hold = "hold",
        Take = "take",
        Skip = "skip",
    }
}

words! {
    /// What becomes of clients that the firm's catalogue does not have.
    pub enum NewClients {
        Add = "add",
        Refuse = "refuse",
    }
}

words! {
    /// The options that are no defaults of fields.
    pub enum Setting {
        Mixed = "mixed",
        Confirm = "confirm",
        Activate = "activate",
        OnError = "on_error",
        HiddenRows = "hidden_rows",
        NewClients = "new_clients",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    pub mixed: Mixed,
    pub confirm: Ask,
    pub activate: Ask,
    pub on_error: OnError,
    pub hidden_rows: HiddenRows,
    pub new_clients: NewClients,
    pub defaults: Defaults,
}

impl Default for ImportOptions {
    fn default() -> ImportOptions {
        ImportOptions {
            mixed: Mixed::Split,
            confirm: Ask::Ask,
            activate: Ask::Ask,
            on_error: OnError::AcceptValid,
            hidden_rows: HiddenRows::Hold,
            new_clients: NewClients::Add,
            defaults: Defaults::default(),
        }
    }
}

/// Values of fields for rows that do not say them: for all, or for one customer type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults(BTreeMap<(Field, Option<CustomerType>), String>);

/// Why `--set` was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    #[error("`{0}` is not like package=ASP-DN or package.enterprise=ASP-DN")]
    Form(String),
    #[error("there is no field and no option `{found}`; did you mean `{near}`?")]
    Field { found: String, near: &'static str },
    #[error("`{0}` is no customer type; it is enterprise or household")]
    CustomerType(String),
    #[error("{0}: {1}")]
    Setting(Setting, words::UnknownWord),
}

impl ImportOptions {
    /// Takes `hidden_rows=take`; whether it names a setting at all.
    pub fn choose(&mut self, text: &str) -> Result<bool, SetError> {
        let Some((key, value)) = text.split_once('=') else { return Ok(false) };
        let Ok(setting) = key.trim().parse::<Setting>() else { return Ok(false) };
        let value = value.trim();
        let chosen = match setting {
            Setting::Mixed => value.parse().map(|it| self.mixed = it),
            Setting::Confirm => value.parse().map(|it| self.confirm = it),
            Setting::Activate => value.parse().map(|it| self.activate = it),
            Setting::OnError => value.parse().map(|it| self.on_error = it),
            Setting::HiddenRows => value.parse().map(|it| self.hidden_rows = it),
            Setting::NewClients => value.parse().map(|it| self.new_clients = it),
        };
        chosen.map(|()| true).map_err(|word| SetError::Setting(setting, word))
    }
}

impl Defaults {
    /// Takes `package=ASP-DN` or `package.enterprise=ASP-DN`.
    pub fn set(&mut self, text: &str) -> Result<(), SetError> {
        let form = || SetError::Form(text.to_owned());
        let (key, value) = text.split_once('=').ok_or_else(form)?;
        let (field, customer_type) = match key.trim().split_once('.') {
            Some((field, name)) => {
                let known = CustomerType::from_str(name);
                (field, Some(known.map_err(|_| SetError::CustomerType(name.to_owned()))?))
            }
            None => (key.trim(), None),
        };
        let field = field.parse::<Field>().map_err(|_| {
            let near = nearest(field, OPTION_KEYS.iter().copied());
            SetError::Field { found: field.to_owned(), near: near.unwrap_or_default() }
        })?;
        match value.trim() {
            "" => Err(form()),
            value => {
                self.put(field, customer_type, value);
                Ok(())
            }
        }
    }

    /// The value for a row of this customer type; one for the type comes before one for all.
    pub fn get(&self, field: Field, customer_type: Option<CustomerType>) -> Option<&str> {
        let of_type = customer_type.and_then(|known| self.0.get(&(field, Some(known))));
        of_type.or_else(|| self.0.get(&(field, None))).map(String::as_str)
    }

    /// Puts what is nearer to the row over these: a value for all there replaces those for a type here.
    pub fn overlay(&mut self, nearer: Defaults) {
        self.0.retain(|(field, _), _| !nearer.0.contains_key(&(*field, None)));
        self.0.extend(nearer.0);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn put(&mut self, field: Field, customer_type: Option<CustomerType>, value: &str) {
        self.0.insert((field, customer_type), value.to_owned());
    }
}

/// A key of `[options]`; made while the key is read, so that an error stands at the key.
enum OptionKey {
    Setting(Setting),
    Field(Field),
}

static OPTION_KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let settings = Setting::ALL.iter().map(|setting| setting.as_str());
    settings.chain(Field::ALL.iter().map(|field| field.as_str())).collect()
});

impl<'de> Deserialize<'de> for OptionKey {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<OptionKey, D::Error> {
        let text = String::deserialize(source)?;
        let setting = text.parse().map(OptionKey::Setting);
        setting
            .or_else(|_| text.parse().map(OptionKey::Field))
            .map_err(|_| D::Error::unknown_field(&text, &OPTION_KEYS))
    }
}

/// As it is read: settings by their names, and for each field its values by customer type.
impl Serialize for ImportOptions {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        let ImportOptions {
            mixed,
            confirm,
            activate,
            on_error,
            hidden_rows,
            new_clients,
            defaults,
        } = self;
        let mut map = target.serialize_map(None)?;
        map.serialize_entry(&Setting::Mixed, mixed)?;
        map.serialize_entry(&Setting::Confirm, confirm)?;
        map.serialize_entry(&Setting::Activate, activate)?;
        map.serialize_entry(&Setting::OnError, on_error)?;
        map.serialize_entry(&Setting::HiddenRows, hidden_rows)?;
        map.serialize_entry(&Setting::NewClients, new_clients)?;
        let mut by_field: BTreeMap<Field, BTreeMap<&str, &str>> = BTreeMap::new();
        for ((field, customer_type), value) in &defaults.0 {
            let key = customer_type.map_or(FOR_ALL, CustomerType::as_str);
            by_field.entry(*field).or_default().insert(key, value);
        }
        for (field, values) in by_field {
            map.serialize_entry(&field, &values)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ImportOptions {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<ImportOptions, D::Error> {
        source.deserialize_map(OptionsVisitor)
    }
}

struct OptionsVisitor;

impl<'de> Visitor<'de> for OptionsVisitor {
    type Value = ImportOptions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of options")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ImportOptions, A::Error> {
        let mut options = ImportOptions::default();
        while let Some(key) = map.next_key()? {
            match key {
                OptionKey::Setting(Setting::Mixed) => options.mixed = map.next_value()?,
                OptionKey::Setting(Setting::Confirm) => options.confirm = map.next_value()?,
                OptionKey::Setting(Setting::Activate) => options.activate = map.next_value()?,
                OptionKey::Setting(Setting::OnError) => options.on_error = map.next_value()?,
                OptionKey::Setting(Setting::HiddenRows) => {
                    options.hidden_rows = map.next_value()?;
                }
                OptionKey::Setting(Setting::NewClients) => {
                    options.new_clients = map.next_value()?;
                }
                OptionKey::Field(field) => {
                    let FieldDefault(values) = map.next_value()?;
                    for (customer_type, value) in values {
                        options.defaults.put(field, customer_type, &value);
                    }
                }
            }
        }
        Ok(options)
    }
}

/// `"ASP-DN"`, `2026`, a day, or a table with a value for each customer type.
struct FieldDefault(Vec<(Option<CustomerType>, String)>);

impl<'de> Deserialize<'de> for FieldDefault {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<FieldDefault, D::Error> {
        source.deserialize_any(FieldDefaultVisitor)
    }
}

struct FieldDefaultVisitor;

impl<'de> Visitor<'de> for FieldDefaultVisitor {
    type Value = FieldDefault;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, or a table with enterprise and household")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<FieldDefault, E> {
        match text.trim() {
            "" => Err(E::custom("a default must not be empty; leave the key out")),
            text => Ok(FieldDefault(vec![(None, text.to_owned())])),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<FieldDefault, E> {
        Ok(FieldDefault(vec![(None, number.to_string())]))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldDefault, A::Error> {
        let mut values = Vec::new();
        while let Some(key) = map.next_key()? {
            let Scalar(value) = map.next_value()?;
            match key {
                TableKey::Type(customer_type) => values.push((Some(customer_type), value)),
                TableKey::All | TableKey::Day => values.push((None, value)),
            }
        }
        Ok(FieldDefault(values))
    }
}

/// The value of rows of every customer type, beside those of one.
const FOR_ALL: &str = "all";

/// A customer type; a day of TOML also arrives as a table, with one key of the library's own.
enum TableKey {
    Type(CustomerType),
    All,
    Day,
}

impl<'de> Deserialize<'de> for TableKey {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<TableKey, D::Error> {
        let text = String::deserialize(source)?;
        match text.parse() {
            Ok(customer_type) => Ok(TableKey::Type(customer_type)),
            Err(_) if text == FOR_ALL => Ok(TableKey::All),
            Err(_) if text == "$__toml_private_datetime" => Ok(TableKey::Day),
            Err(_) => Err(D::Error::unknown_field(&text, &["enterprise", "household"])),
        }
    }
}

/// A single value of [`FieldDefault`].
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Scalar, D::Error> {
        let FieldDefault(mut values) = FieldDefault::deserialize(source)?;
        match values.pop() {
            Some((None, value)) => Ok(Scalar(value)),
            _ => Err(D::Error::custom("this must be a text or a whole number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_for_a_type_comes_before_one_for_all() {
        let mut defaults = Defaults::default();
        defaults.set("package=ASP-DN").unwrap();
        defaults.set("package.household = ASP-HKD").unwrap();
        let get = |customer_type| defaults.get(Field::Package, customer_type);
        assert_eq!(get(None), Some("ASP-DN"));
        assert_eq!(get(Some(CustomerType::Enterprise)), Some("ASP-DN"));
        assert_eq!(get(Some(CustomerType::Household)), Some("ASP-HKD"));
        assert_eq!(defaults.get(Field::Kind, None), None);
    }

    #[test]
    fn what_is_nearer_to_the_row_goes_over() {
        let mut job = Defaults::default();
        job.set("package.household=ASP-HKD").unwrap();
        job.set("fiscal_year=2026").unwrap();
        let mut typed = Defaults::default();
        typed.set("package=ASP-DN").unwrap();
        job.overlay(typed);
        assert_eq!(job.get(Field::Package, Some(CustomerType::Household)), Some("ASP-DN"));
        assert_eq!(job.get(Field::FiscalYear, None), Some("2026"));
    }

    #[test]
    fn options_that_were_kept_come_back_as_they_were() {
        let mut options = ImportOptions { confirm: Ask::Auto, ..ImportOptions::default() };
        options.defaults.set("package=ASP-DN").unwrap();
        options.defaults.set("package.household=ASP-HKD").unwrap();
        options.defaults.set("fiscal_year=2026").unwrap();
        let kept = serde_json::to_value(&options).unwrap();
        assert_eq!(serde_json::from_value::<ImportOptions>(kept).unwrap(), options);
    }

    #[test]
    fn what_cannot_be_set_says_why() {
        let refused = |text| Defaults::default().set(text).unwrap_err().to_string();
        let near = "there is no field and no option `pakage`; did you mean `package`?";
        assert_eq!(refused("pakage=X"), near);
        assert_eq!(
            refused("package.firm=X"),
            "`firm` is no customer type; it is enterprise or household"
        );
        for text in ["package", "package=", "=X"] {
            assert!(Defaults::default().set(text).is_err(), "{text}");
        }
    }
}
