//! A small location file for the made-up company: where its documentation addresses (RFC 5737) are
//! said to be. It is in the MaxMind DB format 2.0 and names itself as made up.

use std::net::Ipv4Addr;

/// Network, prefix length, city, region, country code, degrees north, degrees east.
type Place = (
    Ipv4Addr,
    u8,
    &'static str,
    &'static str,
    &'static str,
    f64,
    f64,
);

const PLACES: &[Place] = &[
    (
        Ipv4Addr::new(198, 51, 100, 0),
        26,
        "New York",
        "New York",
        "US",
        40.7,
        -74.0,
    ),
    (
        Ipv4Addr::new(198, 51, 100, 64),
        26,
        "Chicago",
        "Illinois",
        "US",
        41.9,
        -87.6,
    ),
    (
        Ipv4Addr::new(198, 51, 100, 128),
        25,
        "Dublin",
        "Leinster",
        "IE",
        53.3,
        -6.3,
    ),
    (
        Ipv4Addr::new(203, 0, 113, 0),
        25,
        "Berlin",
        "Berlin",
        "DE",
        52.5,
        13.4,
    ),
    (
        Ipv4Addr::new(203, 0, 113, 128),
        25,
        "Madrid",
        "Madrid",
        "ES",
        40.4,
        -3.7,
    ),
    (
        Ipv4Addr::new(192, 0, 2, 0),
        24,
        "Tallinn",
        "Harju",
        "EE",
        59.4,
        24.7,
    ),
];

/// What the file calls itself; stands beside every place that is read from it.
const NAME: &str = "Annals demo, made up";
/// 2026-01-01, in seconds since 1970.
const BUILT: u64 = 1_767_225_600;
const RECORD_BITS: usize = 24;
/// Zero bytes between the tree and the data.
const SEPARATOR_BYTES: usize = 16;
const METADATA_MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// The bytes of the file.
pub fn location_file() -> Vec<u8> {
    let mut tree = vec![[Branch::Nothing; 2]];
    let mut data = Vec::new();
    for place in PLACES {
        let offset = data.len();
        push_place(place, &mut data);
        insert(&mut tree, u32::from(place.0), place.1, offset);
    }
    let mut file = Vec::new();
    let nodes = tree.len();
    for branch in tree.iter().flatten() {
        let record = match branch {
            Branch::Nothing => nodes,
            Branch::Node(node) => *node,
            Branch::Data(offset) => nodes + SEPARATOR_BYTES + offset,
        };
        file.extend(&(record as u32).to_be_bytes()[1..]);
    }
    file.extend([0; SEPARATOR_BYTES]);
    file.extend(data);
    file.extend(METADATA_MARKER);
    push_metadata(nodes, &mut file);
    file
}

#[derive(Clone, Copy)]
enum Branch {
    Nothing,
    Node(usize),
    Data(usize),
}

fn insert(tree: &mut Vec<[Branch; 2]>, network: u32, prefix: u8, offset: usize) {
    let mut node = 0;
    for depth in 0..prefix {
        let bit = (network >> (31 - depth) & 1) as usize;
        if depth + 1 == prefix {
            tree[node][bit] = Branch::Data(offset);
            return;
        }
        node = match tree[node][bit] {
            Branch::Node(next) => next,
            Branch::Nothing | Branch::Data(_) => {
                tree.push([Branch::Nothing; 2]);
                let next = tree.len() - 1;
                tree[node][bit] = Branch::Node(next);
                next
            }
        };
    }
}

fn push_place(place: &Place, out: &mut Vec<u8>) {
    let (_, _, city, region, country, north, east) = place;
    let named = |name: &str, out: &mut Vec<u8>| {
        map(1, out);
        text("names", out);
        map(1, out);
        text("en", out);
        text(name, out);
    };
    map(4, out);
    text("city", out);
    named(city, out);
    text("country", out);
    map(1, out);
    text("iso_code", out);
    text(country, out);
    text("subdivisions", out);
    array(1, out);
    named(region, out);
    text("location", out);
    map(2, out);
    text("latitude", out);
    double(*north, out);
    text("longitude", out);
    double(*east, out);
}

fn push_metadata(nodes: usize, out: &mut Vec<u8>) {
    map(9, out);
    text("binary_format_major_version", out);
    number(UINT16, 2, out);
    text("binary_format_minor_version", out);
    number(UINT16, 0, out);
    text("build_epoch", out);
    number(UINT64, BUILT, out);
    text("database_type", out);
    text(NAME, out);
    text("description", out);
    map(1, out);
    text("en", out);
    text("Made-up places of documentation addresses", out);
    text("ip_version", out);
    number(UINT16, 4, out);
    text("languages", out);
    array(1, out);
    text("en", out);
    text("node_count", out);
    number(UINT32, nodes as u64, out);
    text("record_size", out);
    number(UINT16, RECORD_BITS as u64, out);
}

// Types of the data format; those above seven are written behind a zero.
const TEXT: u8 = 2;
const DOUBLE: u8 = 3;
const UINT16: u8 = 5;
const UINT32: u8 = 6;
const MAP: u8 = 7;
const UINT64: u8 = 9;
const ARRAY: u8 = 11;

fn head(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (size, more) = match size {
        0..29 => (size as u8, None),
        _ => (29, Some((size - 29) as u8)),
    };
    if kind <= 7 {
        out.push(kind << 5 | size);
    } else {
        out.push(size);
        out.push(kind - 7);
    }
    out.extend(more);
}

fn map(pairs: usize, out: &mut Vec<u8>) {
    head(MAP, pairs, out);
}

fn array(values: usize, out: &mut Vec<u8>) {
    head(ARRAY, values, out);
}

fn text(text: &str, out: &mut Vec<u8>) {
    head(TEXT, text.len(), out);
    out.extend(text.as_bytes());
}

fn double(value: f64, out: &mut Vec<u8>) {
    head(DOUBLE, 8, out);
    out.extend(value.to_be_bytes());
}

fn number(kind: u8, value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let from = (value.leading_zeros() / 8) as usize;
    head(kind, bytes.len() - from, out);
    out.extend(&bytes[from..]);
}
