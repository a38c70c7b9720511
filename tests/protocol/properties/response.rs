//! RFC 9112 §4, §4.1: a response's head, and the answer to an opening handshake in it.

use chinwag::protocol::client_handshake::{ClientRequest, Response, ResponseError::*};
use chinwag::protocol::head::Head;

use super::delivery::Delivery;

const REQUEST: ClientRequest<'_> = ClientRequest {
    host: "a",
    target: "/",
    key: *b"dGhlIHNhbXBsZSBub25jZQ==",
    subprotocols: &["chat", "superchat"],
    fields: &[],
};

/// Responses, delivered as the input says, to a client that has offered `chat` and `superchat`.
pub fn holds(input: &[u8]) -> bool {
    let delivery = Delivery::of(input);
    let bytes = delivery.bytes;
    let decided = scan(bytes, bytes.chunks(1));
    let verdict = decided.map(|(head, _)| head);
    assert_eq!(scan(bytes, [bytes]).map(|(head, _)| head), verdict, "whole");
    assert_eq!(scan(bytes, delivery.pieces()).map(|(head, _)| head), verdict, "in pieces");
    let Some((verdict, decided_at)) = decided else {
        assert!(matches!(Response::parse(bytes), Ok(None)));
        return false;
    };
    assert!(matches!(Response::parse(&bytes[..decided_at - 1]), Ok(None)), "no strict prefix decides");
    for bytes in [&bytes[..decided_at], bytes] {
        let parsed = Response::parse(bytes).map(|parsed| parsed.expect("decided"));
        let Some((start, end)) = verdict else {
            assert_eq!(parsed.err(), Some(MalformedHead));
            continue;
        };
        let (response, rest) = parsed.expect("well formed");
        assert_eq!((rest, end), (&bytes[end..], decided_at));
        check_parts(&bytes[start..end], &response);
    }
    let parsed = Response::parse(bytes).map(|parsed| parsed.expect("decided").0);
    parsed.is_ok_and(|response| response.handshake(&REQUEST).is_ok())
}

/// Where the final head begins and ends, or `None` where it is malformed; and how many bytes have decided that.
fn scan<'p>(
    bytes: &[u8],
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> Option<(Option<(usize, usize)>, usize)> {
    let (mut head, mut start, mut arrived) = (Head::of_response(), 0, 0);
    for piece in pieces {
        arrived += piece.len();
        while let Some(scanned) = head.scan(&bytes[start..arrived]).transpose() {
            let Ok(len) = scanned else { return Some((None, arrived)) };
            let line = &bytes[start..start + len];
            if !line.starts_with(b"HTTP/1.1") {
                return Some((None, arrived));
            }
            if line[9] != b'1' || line.starts_with(b"HTTP/1.1 101") {
                return Some((Some((start, start + len)), arrived));
            }
            (head, start) = (Head::of_response(), start + len);
        }
    }
    None
}

/// What is accepted here, `httparse` accepts as well, and finds the same in it.
fn check_parts(head: &[u8], response: &Response<'_>) {
    let mut headers = [httparse::EMPTY_HEADER; Head::MAX_HEADER_LINES];
    let mut theirs = httparse::Response::new(&mut headers);
    assert_eq!(theirs.parse(head), Ok(httparse::Status::Complete(head.len())));
    assert_eq!((theirs.version, theirs.code), (Some(1), Some(response.status)));
    let ours = response.fields.iter().map(|(name, value)| (name, value.to_vec()));
    let fields = theirs.headers.iter().map(|field| (field.name, field.value.trim_ascii().to_vec()));
    assert!(ours.eq(fields), "{:?}", response.fields);
    let values = |name: &str| {
        let named = theirs.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        Vec::from_iter(named.map(|field| field.value.trim_ascii().to_ascii_lowercase()))
    };
    let connection = values("Connection").join(&b","[..]);
    let mut tokens = connection.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let subprotocols = values("Sec-WebSocket-Protocol");
    // §4.1 (1) to (6), but for the case of key and subprotocol.
    let expected = match () {
        () if response.status != 101 => Err(NotAccepted),
        () if values("Upgrade") != [b"websocket"] || !tokens.any(|token| token == b"upgrade") => {
            Err(IncompleteUpgrade)
        }
        () if values("Sec-WebSocket-Accept") != [b"s3pplmbitxaq9kygzzhzrbk+xoo="] => Err(WrongAcceptKey),
        () if !values("Sec-WebSocket-Extensions").is_empty() => Err(UnexpectedExtension),
        () if subprotocols.is_empty() => Ok(None),
        () if subprotocols == [b"chat"] => Ok(Some("chat")),
        () if subprotocols == [&b"superchat"[..]] => Ok(Some("superchat")),
        () => Err(UnexpectedSubprotocol),
    };
    let handshake = response.handshake(&REQUEST);
    let wrong_case = matches!((expected, handshake), (Ok(_), Err(WrongAcceptKey | UnexpectedSubprotocol)))
        || (handshake == Err(WrongAcceptKey)
            && expected.is_err_and(|error| error != NotAccepted && error != IncompleteUpgrade));
    assert!(handshake == expected || wrong_case, "{handshake:?}, {expected:?}");
}
