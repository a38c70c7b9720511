//! §10.2: what passes for the same origin.

use chinwag::protocol::origin::{Authority, Host, Origin};

/// A URL's host and port, as a parser that shares nothing with this crate understands them.
pub type ParseUrl = fn(&str) -> Option<(String, Option<u16>)>;

/// An origin and, on a second line, a host. `parse_url` is the independent parser, where there is one.
pub fn holds(input: &[u8], parse_url: Option<ParseUrl>) -> bool {
    let (origin, host) = match input.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&input[..at], &input[at + 1..]),
        None => (input, &[][..]),
    };
    let (Some(origin_parsed), Some(host_parsed)) = (Origin::parse(origin), Authority::parse(host)) else {
        return false;
    };
    let text = |bytes| std::str::from_utf8(bytes).expect("what was accepted is text");
    let (origin, host) = (text(origin), text(host));
    assert!([origin, host].iter().all(|text| text.bytes().all(|byte| byte.is_ascii_graphic())));
    assert!(!origin.contains('@') && !host.contains(['/', '@', '?', '#']), "no host: {origin} {host}");
    assert!(origin_parsed.is_same(&origin_parsed), "{origin}");
    let shouted = origin.to_ascii_uppercase();
    assert!(Origin::parse(shouted.as_bytes()).is_some_and(|it| it.is_same(&origin_parsed)), "{shouted}");

    let (scheme, _) = origin.split_once("://").expect("accepted");
    let of_host = format!("{scheme}://{host}");
    let host_as_origin = Origin::parse(of_host.as_bytes()).expect("a host makes an origin");
    let is_of_host = origin_parsed.is_of_host(&host_parsed);
    assert!(!is_of_host || origin_parsed.is_same(&host_as_origin), "{origin} {host}");
    assert_eq!(host_as_origin.host(), host_parsed.host, "{of_host}");
    if let Some(parse_url) = parse_url {
        check_addresses(&of_host, &host_parsed, parse_url);
        if let (true, Some((name, _))) = (host_parsed.host.is_localhost(), parse_url(&of_host)) {
            assert!(
                name == "localhost" || name.ends_with(".localhost"),
                "{of_host} is not the loopback's: {name}"
            );
        }
        // Where the other parser finds no URL there is no browser that comes from there.
        if let (Some(one), Some(other)) = (parse_url(origin), parse_url(&of_host)) {
            let same = one == other && one.1.is_some();
            assert!(!is_of_host || same, "{origin} is not of {host}: {one:?}, {other:?}");
        }
    }
    is_of_host
}

/// What is an address here is the same address there. Of zones that other parser knows nothing.
fn check_addresses(of_host: &str, host: &Authority<'_>, parse_url: ParseUrl) {
    if of_host.contains('%') {
        return;
    }
    let scheme = of_host.split(':').next().unwrap_or_default();
    let special = ["http", "https", "ws", "wss"].iter().any(|one| scheme.eq_ignore_ascii_case(one));
    if let (Host::Ip(address), true) = (host.host, special) {
        let url = parse_url(of_host).unwrap_or_else(|| panic!("no URL: {of_host}"));
        assert_eq!(url.0.trim_matches(['[', ']']).parse(), Ok(address), "{of_host}");
    }
}
