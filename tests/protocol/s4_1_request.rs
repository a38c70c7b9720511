//! §4.1: the opening handshake, as a client asks for it, and as the server reads it.

use chinwag::protocol::client_handshake::{ClientRequest, request_key};
use chinwag::protocol::handshake::{Method, Request, accept_key};
use chinwag::protocol::head_writer::WriteError::{self, *};

const KEY: [u8; 24] = *b"dGhlIHNhbXBsZSBub25jZQ==";
const PLAIN: ClientRequest<'_> =
    ClientRequest { host: "server.example.com", target: "/chat", key: KEY, subprotocols: &[], fields: &[] };
const PLAIN_HEAD: &str = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn written(request: ClientRequest<'_>) -> Result<String, WriteError> {
    request.write(&mut [0xAA; 1024]).map(|head| String::from_utf8(head.to_vec()).unwrap())
}

/// (7): "a nonce consisting of a randomly selected 16-byte value that has been base64-encoded".
#[test]
fn a_key_is_the_base64_of_its_nonce() {
    assert_eq!(request_key(*b"the sample nonce"), KEY);
    assert_eq!(&request_key([0; 16]), b"AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(&request_key([0xFF; 16]), b"/////////////////////w==");
}

#[test]
fn has_what_it_must_have_and_nothing_else() {
    assert_eq!(written(PLAIN).as_deref(), Ok(PLAIN_HEAD));
}

/// (10), (12).
#[test]
fn offers_subprotocols_and_has_more_fields() {
    let request = ClientRequest {
        subprotocols: &["chat", "superchat"],
        fields: &[("Origin", "http://example.com"), ("Cookie", "a=b; c=\td"), ("X", ""), ("Y", "größer")],
        ..PLAIN
    };
    let more = "Sec-WebSocket-Protocol: chat, superchat\r\nOrigin: http://example.com\r\nCookie: a=b; c=\td\r\n\
        X: \r\nY: größer\r\n\r\n";
    assert_eq!(written(request), Ok([PLAIN_HEAD.strip_suffix("\r\n").unwrap(), more].concat()));
}

/// What a client writes the server reads, at every split, with frames behind it in the same stream.
#[test]
fn is_read_by_the_server_as_it_was_meant() {
    let fields = [("Cookie", "id=7"), ("Authorization", "Basic YTpi")];
    let request = ClientRequest {
        host: "[::1]:8080",
        target: "/kitchen?a=%20b&c",
        key: request_key([7; 16]),
        subprotocols: &["one", "two.v2"],
        fields: &fields,
    };
    let stream = [written(request).unwrap().as_bytes(), b"frames"].concat();
    for cut in 0..stream.len() - 6 {
        assert!(matches!(Request::parse(&stream[..cut]), Ok(None)), "cut at {cut}");
    }
    let Ok(Some((read, b"frames"))) = Request::parse(&stream) else { panic!("refused") };
    assert_eq!((read.method, read.path, read.query), (Method::Get, "/kitchen", Some("a=%20b&c")));
    assert_eq!(read.host.unwrap().port, Some(8080));
    assert_eq!(Vec::from_iter(read.subprotocols()), ["one", "two.v2"]);
    assert!(fields.iter().all(|(name, value)| read.fields.single(name) == Some(value.as_bytes())));
    assert_eq!(read.fields.iter().count(), 5 + 1 + fields.len());
    assert_eq!(read.handshake(), Ok(Some(accept_key(&request.key))));
}

#[test]
fn a_buffer_that_is_too_small_is_refused() {
    let request = ClientRequest { subprotocols: &["a", "b"], fields: &[("X", "y")], ..PLAIN };
    let head = written(request).unwrap();
    let mut buffer = vec![0; head.len() + 1];
    for len in 0..head.len() {
        assert_eq!(request.write(&mut buffer[..len]), Err(BufferTooSmall), "{len} bytes");
    }
    assert_eq!(request.write(&mut buffer[..head.len()]), Ok(head.as_bytes()));
    assert_eq!(request.write(&mut buffer), Ok(head.as_bytes()));
}

/// §3: a resource name begins with a slash, has no fragment identifier, and nothing that breaks the request line.
#[test]
fn a_target_is_a_resource_name() {
    for target in
        ["", "chat", "*", "?a", "http://a/", "/a b", "/a\r\nX: y", "/\n", "/a#b", "/é", "/\0", "/\x7F", " /"]
    {
        assert_eq!(written(ClientRequest { target, ..PLAIN }), Err(InvalidUri), "{target:?}");
    }
    for target in ["/", "/?", "//", "/a/b?c=/d&e=f%23", "/~!$'()*,;:@"] {
        assert!(written(ClientRequest { target, ..PLAIN }).is_ok(), "{target:?}");
    }
}

#[test]
fn a_host_breaks_no_line() {
    for host in ["", "a b", "a\r\nX: y", "a\n", "é", "\0", "a\t"] {
        assert_eq!(written(ClientRequest { host, ..PLAIN }), Err(InvalidUri), "{host:?}");
    }
    for host in ["a", "a:80", "127.0.0.1", "[::1]:80", "[fe80::1%25eth0]"] {
        let head = written(ClientRequest { host, ..PLAIN }).unwrap();
        assert!(matches!(Request::parse(head.as_bytes()), Ok(Some(_))), "{host:?}");
    }
}

/// (10): "non-empty strings with characters in the range U+0021 to U+007E not including separator characters [...] and
/// MUST all be unique strings".
#[test]
fn subprotocols_are_tokens_and_unique() {
    let refused: [&[&str]; 9] =
        [&[""], &["a", ""], &["a b"], &["a,b"], &["a\r\n"], &["é"], &["a", "a"], &["a", "b", "a"], &["(a)"]];
    for subprotocols in refused {
        assert_eq!(written(ClientRequest { subprotocols, ..PLAIN }), Err(InvalidField), "{subprotocols:?}");
    }
    // They are compared with regard to case.
    assert!(written(ClientRequest { subprotocols: &["a", "A", "v1.a.example"], ..PLAIN }).is_ok());
}

#[test]
fn no_field_can_break_the_head() {
    for byte in 0..=0x7Fu8 {
        let text = format!("a{}b", char::from(byte));
        let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let named = written(ClientRequest { fields: &[(&text, "x")], ..PLAIN });
        assert_eq!(named.is_ok(), is_token, "{text:?} as a name");
        let valued = written(ClientRequest { fields: &[("X", &text)], ..PLAIN });
        assert_eq!(valued.is_ok(), byte == b'\t' || (b' '..=b'~').contains(&byte), "{text:?} as a value");
    }
    for name in ["", "é", "X\u{80}"] {
        assert_eq!(written(ClientRequest { fields: &[(name, "x")], ..PLAIN }), Err(InvalidField), "{name:?}");
    }
}

/// What would make another request of it, or another handshake.
#[test]
fn the_fields_of_the_handshake_are_not_the_callers() {
    for name in [
        "Host",
        "UPGRADE",
        "connection",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Key",
        "sec-websocket-version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-",
    ] {
        let fields = [("X", "y"), (name, "0")];
        assert_eq!(written(ClientRequest { fields: &fields, ..PLAIN }), Err(InvalidField), "{name}");
    }
    assert!(written(ClientRequest { fields: &[("Sec-WebSocket", "x"), ("Hosts", "x")], ..PLAIN }).is_ok());
}

#[test]
fn an_error_says_what_was_wrong() {
    let words = [InvalidUri, InvalidField, BufferTooSmall].map(|error| error.to_string());
    assert_eq!(
        words,
        ["invalid host or target", "invalid field or subprotocol", "buffer too small for the head"]
    );
    let _: Box<dyn std::error::Error> = InvalidUri.into();
}
