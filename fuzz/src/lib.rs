//! What the fuzz targets assert: the same properties, in the same files, that the ordinary tests try the seeds with.

// Bits are grouped as in the RFC's picture of a frame.
#![allow(clippy::unusual_byte_groupings)]

#[path = "../../tests/protocol/properties/mod.rs"]
pub mod properties;

// The properties use a part of what these have.
#[allow(dead_code)]
#[path = "../../tests/protocol/naive.rs"]
mod naive;
#[allow(dead_code)]
#[path = "../../tests/protocol/requests.rs"]
mod requests;
#[allow(dead_code)]
#[path = "../../tests/protocol/support.rs"]
mod support;

/// A URL's host and port as the parser of the WHATWG's URL standard, the browsers' own, understands them.
pub fn parse_url(text: &str) -> Option<(String, Option<u16>)> {
    let url = url::Url::parse(text).ok()?;
    // That standard takes a name with a dot at its end for another one; here the two are the same.
    let host = url.host_str().map(|host| host.trim_end_matches('.')).filter(|host| !host.is_empty())?;
    // Of a scheme that is not the web's that standard leaves a host as it is; RFC 3986 §3.2.2 compares it case aside.
    Some((host.to_ascii_lowercase(), url.port_or_known_default()))
}
