//! Places of addresses, from a file in the MaxMind DB format that the operator supplies.
//!
//! An address is no proof of a place: whatever is read here is marked as estimated and names the
//! file it came from.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use event::Geo;
use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

/// An open location file.
pub struct Location {
    reader: Reader<Vec<u8>>,
    /// Name and date of the file, as it stands in every [`Geo`] read from it.
    name: String,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the location file {} cannot be used: it must be in the MaxMind DB format (.mmdb)", path.display())]
pub struct LocationError {
    path: PathBuf,
    #[source]
    source: MaxMindDbError,
}

/// The members of city and country files that are read; all of them may be missing.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    city: Named<'a>,
    #[serde(borrow, default)]
    country: Country<'a>,
    #[serde(borrow, default)]
    subdivisions: Vec<Named<'a>>,
    #[serde(default)]
    location: Point,
    #[serde(borrow, default)]
    autonomous_system_organization: Option<&'a str>,
}

#[derive(Deserialize, Default)]
struct Named<'a> {
    #[serde(borrow, default)]
    names: Names<'a>,
}

#[derive(Deserialize, Default)]
struct Names<'a> {
    #[serde(borrow, default)]
    en: Option<&'a str>,
}

#[derive(Deserialize, Default)]
struct Country<'a> {
    #[serde(borrow, default)]
    iso_code: Option<&'a str>,
}

#[derive(Deserialize, Default)]
struct Point {
    #[serde(default)]
    latitude: Option<f64>,
    #[serde(default)]
    longitude: Option<f64>,
}

impl Location {
    /// Reads a file into memory.
    ///
    /// # Errors
    /// When it cannot be read or is no such file.
    pub fn open(path: &Path) -> Result<Location, LocationError> {
        let fault = |source| LocationError {
            path: path.to_owned(),
            source,
        };
        let bytes = std::fs::read(path).map_err(|error| fault(error.into()))?;
        Location::from_bytes(bytes).map_err(fault)
    }

    /// Takes the content of a file.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Location, MaxMindDbError> {
        let reader = Reader::from_source(bytes)?;
        let metadata = reader.metadata();
        let built = i64::try_from(metadata.build_epoch)
            .ok()
            .and_then(|seconds| seconds.checked_mul(1_000_000))
            .map(|micros| event::Timestamp::from_micros(micros).to_string());
        let date = built.as_deref().and_then(|text| text.get(..10));
        let name = match date {
            Some(date) => format!("{} {date}", metadata.database_type),
            None => metadata.database_type.clone(),
        };
        Ok(Location { reader, name })
    }

    /// Name and date of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where an address is thought to be; `None` if the file does not say.
    pub fn find(&self, address: IpAddr) -> Option<Geo> {
        // A record that cannot be read says nothing; the event matters more than its place.
        let record: Record<'_> = self.reader.lookup(address).ok()?.decode().ok()??;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let geo = Geo {
            city: owned(record.city.names.en),
            region: owned(record.subdivisions.first().and_then(|it| it.names.en)),
            country: owned(record.country.iso_code),
            latitude: record.location.latitude,
            longitude: record.location.longitude,
            network: owned(record.autonomous_system_organization),
            database: Some(self.name.clone()),
            estimated: true,
        };
        let says_something = geo.city.is_some() || geo.country.is_some() || geo.network.is_some();
        says_something.then_some(geo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_with_its_source_and_marked_as_estimated() {
        let location = Location::from_bytes(demo::location_file()).unwrap();
        assert_eq!(location.name(), "Annals demo, made up 2026-01-01");
        let find = |address: &str| location.find(address.parse().unwrap());
        let geo = find("198.51.100.7").unwrap();
        assert_eq!(geo.city.as_deref(), Some("New York"));
        assert_eq!(geo.region.as_deref(), Some("New York"));
        assert_eq!(geo.country.as_deref(), Some("US"));
        assert_eq!(geo.database.as_deref(), Some(location.name()));
        assert!(geo.estimated);
        assert_eq!(
            find("203.0.113.200").unwrap().city.as_deref(),
            Some("Madrid")
        );
        assert_eq!(find("8.8.8.8"), None);
        assert_eq!(find("2001:db8::1"), None);
    }

    #[test]
    fn a_file_of_another_format_is_refused_by_name() {
        let file = std::env::temp_dir().join(format!("no-location-file-{}", std::process::id()));
        std::fs::write(&file, "something else").unwrap();
        let error = Location::open(&file).err().unwrap();
        assert!(error.to_string().contains("no-location-file-"));
        std::fs::remove_file(&file).unwrap();
    }
}
