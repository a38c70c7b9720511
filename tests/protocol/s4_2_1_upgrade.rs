//! §4.2.1 (3) to (6): what asks for an upgrade, and what of it may be missing.

use chinwag::protocol::handshake::AcceptKey;
use chinwag::protocol::handshake_error::HandshakeError::{self, *};

use crate::requests::*;

fn handshake(bytes: &[u8]) -> Result<Option<AcceptKey>, HandshakeError> {
    parse(bytes).unwrap().handshake()
}

fn is_taken(bytes: &[u8]) -> bool {
    handshake(bytes).is_ok_and(|accept| accept.is_some())
}

#[test]
fn takes_the_handshake_in_any_order_and_case() {
    assert!(is_taken(&get(&HANDSHAKE)));
    let (mut backwards, mut rotated) = (HANDSHAKE, HANDSHAKE);
    backwards.reverse();
    assert!(is_taken(&get(&backwards)));
    for _ in HANDSHAKE {
        rotated.rotate_left(1);
        assert!(is_taken(&get(&rotated)), "{rotated:?}");
    }
    let [upgrade, connection, key, version] = HANDSHAKE;
    let key = key.replace("Sec-WebSocket-Key", "SEC-websocket-KEY");
    let [upgrade, version] = [upgrade, version].map(str::to_uppercase);
    assert!(is_taken(&get(&[&upgrade, &connection.to_lowercase(), &key, &version])));
}

#[test]
fn takes_upgrade_and_connection_as_lists() {
    let upgrades: [&[&str]; 7] = [
        &["Upgrade: WebSocket"],
        &["upgrade:\twebsocket\t"],
        &["Upgrade: h2c, websocket"],
        &["Upgrade: websocket,h2c"],
        &["Upgrade: ,, websocket ,"],
        &["Upgrade: h2c", "Upgrade: websocket"],
        &["Upgrade: websocket", "UPGRADE:"],
    ];
    for lines in upgrades {
        assert!(is_taken(&handshake_with("Upgrade", lines)), "{lines:?}");
    }
    let connections: [&[&str]; 7] = [
        &["Connection: upgrade"],
        &["connection:UPGRADE"],
        &["Connection: keep-alive, Upgrade"],
        &["Connection: Upgrade,close"],
        &["Connection: ,\t,Upgrade\t,"],
        &["Connection: keep-alive", "Connection: Upgrade"],
        &["Connection: Upgrade", "CONNECTION: keep-alive"],
    ];
    for lines in connections {
        assert!(is_taken(&handshake_with("Connection", lines)), "{lines:?}");
    }
}

#[test]
fn ignores_extensions_and_subprotocols() {
    let offers = ["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: chat, superchat"];
    assert!(is_taken(&get(&[HANDSHAKE, [offers[0], offers[1], offers[0], "Sec-WebSocket-X:"]].concat())));
}

const NOT_WEBSOCKET: [&str; 9] = [
    "Upgrade: h2c",
    "Upgrade:",
    "Upgrade: web socket",
    "Upgrade: websockets",
    "Upgrade: websocke",
    "Upgrade: websocket/13",
    "Upgrade: \"websocket\"",
    "Upgrade: websocket;q=1",
    "X-Upgrade: websocket",
];

#[test]
fn an_upgrade_to_something_else_asks_for_nothing() {
    for line in NOT_WEBSOCKET {
        for lines in [&[line][..], &[line, "Connection: Upgrade"]] {
            let bytes = get(lines);
            let request = parse(&bytes).unwrap();
            assert!(!request.names_websocket() && !request.asks_for_upgrade(), "{lines:?}");
            assert_eq!(request.handshake(), Ok(None), "{lines:?}");
        }
    }
}

#[test]
fn nothing_is_asked_for_by_fields_of_a_like_name() {
    for line in [
        "Connection: Upgrade",
        "Sec-WebSocket: 13",
        "Sec-WebSocke",
        "X-Sec-WebSocket-Key",
        "SecWebSocket-Key",
    ] {
        let bytes = get(&[&format!("{line}: a")]);
        let request = parse(&bytes).unwrap();
        assert!(!request.asks_for_upgrade(), "{line}");
        assert_eq!(request.handshake(), Ok(None), "{line}");
    }
}

mod in_part {
    use super::*;

    #[test]
    fn any_field_of_ours_without_upgrade_websocket_is_refused() {
        let ours = ["Key", "Version", "Protocol", "Extensions", "Accept", "Origin", "", "Anything"];
        for name in
            ours.iter().flat_map(|name| [format!("Sec-WebSocket-{name}"), format!("sec-WEBSOCKET-{name}")])
        {
            let line = format!("{name}: 13");
            for lines in [&[&line[..]][..], &[&line, "Connection: Upgrade"], &["Upgrade: h2c", &line]] {
                let bytes = get(lines);
                let request = parse(&bytes).unwrap();
                assert!(request.asks_for_upgrade() && !request.names_websocket(), "{lines:?}");
                assert_eq!(request.handshake(), Err(IncompleteUpgrade), "{lines:?}");
            }
        }
    }

    #[test]
    fn a_handshake_whose_upgrade_is_not_websocket_is_refused() {
        assert_eq!(handshake(&handshake_with("Upgrade", &[])), Err(IncompleteUpgrade));
        for line in NOT_WEBSOCKET {
            assert_eq!(handshake(&handshake_with("Upgrade", &[line])), Err(IncompleteUpgrade), "{line}");
        }
    }

    #[test]
    fn a_handshake_without_connection_upgrade_is_refused() {
        let wrong: [&[&str]; 7] = [
            &[],
            &["Connection:"],
            &["Connection: keep-alive"],
            &["Connection: close", "Connection: keep-alive"],
            &["Connection: Upgrades"],
            &["Connection: keep-alive Upgrade"],
            &["Proxy-Connection: Upgrade"],
        ];
        for lines in wrong {
            let bytes = handshake_with("Connection", lines);
            assert!(parse(&bytes).unwrap().names_websocket());
            assert_eq!(handshake(&bytes), Err(IncompleteUpgrade), "{lines:?}");
        }
    }

    #[test]
    fn upgrade_websocket_alone_is_refused() {
        let bytes = get(&["Upgrade: websocket"]);
        assert!(parse(&bytes).unwrap().asks_for_upgrade());
        assert_eq!(handshake(&bytes), Err(IncompleteUpgrade));
    }
}

/// §4.4: "the server MUST respond with one or more |Sec-WebSocket-Version| header fields".
#[test]
fn takes_version_13_alone() {
    for line in ["Sec-WebSocket-Version:13", "sec-websocket-version: \t13 \t"] {
        assert!(is_taken(&handshake_with("Sec-WebSocket-Version", &[line])), "{line}");
    }
    let mut wrong = vec![vec![], vec!["13".to_owned(); 2], vec!["13".into(), "8".into()]];
    let values =
        ["", "8", "0", "013", "13.0", "+13", "13, 8", "8,13", "13,", "13,13", "1 3", "130", "\"13\""];
    wrong.extend(values.map(|value| vec![value.to_owned()]));
    wrong.extend((0..256).filter(|version| *version != 13).map(|version| vec![version.to_string()]));
    for values in wrong {
        let lines: Vec<String> =
            values.iter().map(|value| format!("Sec-WebSocket-Version: {value}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let refused = handshake(&handshake_with("Sec-WebSocket-Version", &lines));
        assert_eq!(refused, Err(UnsupportedVersion), "{lines:?}");
    }
}

#[test]
fn of_several_refusals_the_first_is_the_answer() {
    for faults in 0..8 {
        let has = |fault: u8| faults & fault != 0;
        let bytes = get(&[
            if has(4) { "Sec-WebSocket-Key: a" } else { HANDSHAKE[2] },
            if has(2) { "Sec-WebSocket-Version: 8" } else { HANDSHAKE[3] },
            if has(1) { "Connection: close" } else { HANDSHAKE[1] },
            HANDSHAKE[0],
        ]);
        let order = [(1, IncompleteUpgrade), (2, UnsupportedVersion), (4, InvalidKey)];
        let expected = order.into_iter().find(|(fault, _)| has(*fault)).map(|(_, refusal)| refusal);
        assert_eq!(handshake(&bytes).err(), expected, "{}", shown(&bytes));
    }
}

/// "HEAD is answered as GET without the body, whatever else it asks for."
#[test]
fn head_never_asks_for_one() {
    let partial: [&[&str]; 4] = [&HANDSHAKE, &HANDSHAKE[..1], &HANDSHAKE[2..], &["Sec-WebSocket-Version: 8"]];
    for lines in partial {
        let bytes = head("HEAD / HTTP/1.1", &[&[HOST], lines].concat());
        let request = parse(&bytes).unwrap();
        assert!(!request.names_websocket() && !request.asks_for_upgrade(), "{lines:?}");
        assert_eq!(request.handshake(), Ok(None), "{lines:?}");
    }
}

/// §4.2.1 (1): "An HTTP/1.1 or higher GET request". A POST that asks for nothing of ours is none of this.
#[test]
fn no_other_method_opens_one() {
    for method in ["POST", "get", "OPTIONS", "CONNECT", "GETS"] {
        let line = format!("{method} / HTTP/1.1");
        for lines in [&HANDSHAKE[..], &HANDSHAKE[..1], &HANDSHAKE[2..], &["Sec-WebSocket-Version: 8"]] {
            let bytes = head(&line, &[&[HOST], lines].concat());
            assert_eq!(handshake(&bytes), Err(MethodNotGet), "{method}, {lines:?}");
        }
        assert_eq!(handshake(&head(&line, &[HOST])), Ok(None), "{method}");
    }
}
