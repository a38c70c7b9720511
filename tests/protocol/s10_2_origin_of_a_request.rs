//! §10.2: no origin where no browser sent the request; of two, nobody can tell which is true.

use chinwag::protocol::handshake_error::HandshakeError::InvalidOrigin;
use chinwag::protocol::origin::Origin;

use crate::requests::*;

#[test]
fn is_none_or_one() {
    let bytes = get(&["X-Origin: http://a", "Sec-WebSocket-Origin: http://a", "Referer: http://a"]);
    assert!(matches!(parse(&bytes).unwrap().origin(), Ok(None)));
    for line in ["Origin: http://a:81", "oRIGIN:http://a:81", "ORIGIN: \thttp://a:81\t "] {
        let bytes = get(&["a: b", line]);
        let origin = parse(&bytes).unwrap().origin().unwrap().expect("one");
        assert!(origin.is_same(&Origin::parse(b"http://a:81").unwrap()), "{line}");
    }
}

#[test]
fn is_refused_where_it_is_no_origin_or_two() {
    let wrong: [&[&str]; 9] = [
        &["Origin:"],
        &["Origin: null"],
        &["Origin: *"],
        &["Origin: http://a/"],
        &["Origin: http://a http://a"],
        &["Origin: http://a", "Origin: http://a"],
        &["Origin: http://a", "origin: null"],
        &["Origin:", "Origin: http://a"],
        &["Origin: http://127.0.0.1:8080", "b: c", "ORIGIN:"],
    ];
    for lines in wrong {
        assert_eq!(parse(&get(lines)).unwrap().origin().err(), Some(InvalidOrigin), "{lines:?}");
    }
    let not_of_ascii = [&get(&[])[..get(&[]).len() - 2], b"Origin: http://\xE9\r\n\r\n"].concat();
    assert_eq!(parse(&not_of_ascii).unwrap().origin().err(), Some(InvalidOrigin));
}
