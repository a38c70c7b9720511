//! §4.2.1, RFC 9110 §5: the fields of a request, for what a server makes of them itself.

use chinwag::protocol::handshake::Request;

use crate::requests::*;

/// What `look` sees in a request with these header lines after its `Host`.
fn seen<T>(lines: &[&str], look: impl FnOnce(Request<'_>) -> T) -> T {
    look(parse(&get(lines)).expect("a request"))
}

#[test]
fn come_in_their_order_each_with_its_value() {
    let bytes = get(&["Cookie: a=b", "x-y:", "COOKIE:\t c=d \t", "Word: caf\u{e9} a:b"]);
    let expected: [(&str, &[u8]); 5] = [
        ("Host", b"127.0.0.1:8080"),
        ("Cookie", b"a=b"),
        ("x-y", b""),
        ("COOKIE", b"c=d"),
        ("Word", "caf\u{e9} a:b".as_bytes()),
    ];
    let request = parse(&bytes).expect("a request");
    assert_eq!(request.fields.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn are_found_by_name_without_regard_to_case() {
    let lines = ["Cookie: a=b", "X-Forwarded-For: 1.2.3.4", "cookie: c=d", "Cookie-Not: e"];
    for name in ["Cookie", "cookie", "COOKIE"] {
        let values =
            seen(&lines, |request| request.fields.values(name).map(<[u8]>::to_vec).collect::<Vec<_>>());
        assert_eq!(values, [b"a=b", b"c=d"], "{name}");
    }
    seen(&lines, |request| {
        assert_eq!(request.fields.single("x-forwarded-for"), Some(&b"1.2.3.4"[..]));
        assert_eq!(request.fields.single("Cookie"), None, "twice");
        assert_eq!(request.fields.single("Cooki"), None, "absent");
        assert_eq!(request.fields.values("Cooki").count(), 0);
    });
}

#[test]
fn are_lists_over_however_many_lines() {
    let lines = ["Accept: a,b ,\tc", "Via: z", "ACCEPT: ,, d d, \"e\" ,f/g, h", "Accept:"];
    seen(&lines, |request| {
        assert_eq!(request.fields.tokens("accept").collect::<Vec<_>>(), ["a", "b", "c", "h"]);
        assert!(request.fields.lists("Accept", "B") && !request.fields.lists("Accept", "d"));
    });
}

/// §4.1 (10): "one or more comma-separated subprotocol the client wishes to speak, ordered by preference".
#[test]
fn offer_subprotocols_the_best_one_first() {
    let offers: [(&[&str], &[&str]); 5] = [
        (&[], &[]),
        (&["Sec-WebSocket-Protocol:"], &[]),
        (&["Sec-WebSocket-Protocol: chat, superchat"], &["chat", "superchat"]),
        (&["sec-websocket-protocol: v2.chat", "Sec-WebSocket-Protocol: chat,V1"], &["v2.chat", "chat", "V1"]),
        (&["Sec-WebSocket-Protocol: no token, chat, caf\u{e9}, a/b"], &["chat"]),
    ];
    for (lines, expected) in offers {
        seen(lines, |request| assert_eq!(request.subprotocols().collect::<Vec<_>>(), expected));
    }
}

/// A request ends up in logs.
#[test]
fn are_shown_without_their_values() {
    let lines =
        ["Cookie: secret", "Authorization: Basic secret", "Sec-WebSocket-Key: secret", "secret-not: secret"];
    let bytes = head("GET /kitchen?token=secret HTTP/1.1", &[&[HOST], &lines[..]].concat());
    let request = parse(&bytes).expect("a request");
    let shown = format!("{request:?}");
    assert_eq!(shown.matches("secret").count(), 1, "{shown}");
    for part in ["Get", "/kitchen", "127.0.0.1", "8080", "\"Cookie\"", "\"Authorization\"", "\"secret-not\""]
    {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
}
