//! §10.2, RFC 3986 §3.2, RFC 6454 §7: what is a host, a port and an origin.

use std::net::IpAddr;

use chinwag::protocol::origin::{Authority, Host, Origin};

use crate::requests::*;

fn name(name: &str) -> Option<Host<'_>> {
    Some(Host::Name(name))
}

fn ip(address: &str) -> Option<Host<'static>> {
    address.parse::<IpAddr>().ok().map(Host::Ip)
}

mod host {
    use super::*;

    #[test]
    fn is_an_address_or_a_name() {
        let table = [
            ("localhost", name("localhost")),
            ("Chat.Example.org", name("chat.eXample.ORG")),
            ("example.org.", name("example.org.")),
            ("a", name("a")),
            ("a_b-c~d.e", name("a_b-c~d.e")),
            ("!$&'()*+,;=", name("!$&'()*+,;=")),
            ("%C3%a9.org", name("%c3%A9.org")),
            ("127.0.0.1", ip("127.0.0.1")),
            ("255.255.255.255", ip("255.255.255.255")),
            ("[::1]", ip("::1")),
            ("[::]", ip("::")),
            ("[2001:DB8:0:0:0:0:0:1]", ip("2001:db8::1")),
            ("[::ffff:127.0.0.1]", ip("::ffff:7f00:1")),
        ];
        for (text, host) in table {
            let parsed = Authority::parse(text.as_bytes());
            assert_eq!(parsed.map(|authority| authority.host), host, "{text}");
            assert_eq!(parsed.and_then(|authority| authority.port), None, "{text}");
        }
    }

    /// What some programs take for 127.0.0.1 is a name here, and equal to nothing but itself.
    #[test]
    fn is_an_address_in_four_decimal_parts_only() {
        let others = [
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.0.0.01",
            "127.0.0.1.",
            "127.0.0.256",
            "127.0.0.0.1",
            "%3127.0.0.1",
        ];
        for text in others {
            assert_eq!(
                Authority::parse(text.as_bytes()).map(|authority| authority.host),
                name(text),
                "{text}"
            );
            assert_ne!(name(text), ip("127.0.0.1"));
        }
    }

    /// A byte is part of a name alone or nowhere; `%` needs two digits after it, `:` begins the port.
    #[test]
    fn is_of_unreserved_characters_and_sub_delimiters() {
        let unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
        let allowed = [unreserved, "!$&'()*+,;="].concat();
        for byte in 0..=u8::MAX {
            let is_allowed = allowed.as_bytes().contains(&byte);
            for bytes in [&[byte][..], &[b'a', byte, b'b'], &[byte, b'a'], &[b'a', byte, b'.']] {
                let parsed = Authority::parse(bytes);
                assert_eq!(parsed.is_some(), is_allowed, "{}", shown(bytes));
            }
        }
    }

    #[test]
    fn has_whole_percent_encodings() {
        for text in ["%", "a%", "%4", "a%4", "%g0", "%0g", "%%41", "%4%1", "%-1", "%+1", "%4:80", "%é"] {
            assert_eq!(Authority::parse(text.as_bytes()), None, "{text}");
        }
        for text in ["%41", "%00", "%fF", "%4142", "a%41b%42"] {
            assert_eq!(
                Authority::parse(text.as_bytes()).map(|authority| authority.host),
                name(text),
                "{text}"
            );
        }
    }

    #[test]
    fn is_nothing_else() {
        let others = [
            "",
            "[]",
            "[",
            "]",
            "[::1",
            "::1]",
            "::1",
            "[::1]]",
            "[[::1]]",
            "[::1]a",
            "a[::1]",
            "[127.0.0.1]",
            "[a]",
            "[:::1]",
            "[1:2:3:4:5:6:7]",
            "[1:2:3:4:5:6:7:8:9]",
            "[12345::]",
            "[fe80::1%]",
            "[fe80::1%25%]",
            "[fe80::1%eth0%g0]",
            "[fe80::1%eth 0]",
            "[fe80::1%a/b]",
            "[fe80::1%a]b]",
            "[%eth0]",
            "[eth0%fe80::1]",
            "fe80::1%eth0",
            "127.0.0.1%eth0",
            "[127.0.0.1%eth0]",
            "[v1.a]",
            "[ ::1]",
            "http://a",
            "a/",
            "user@a",
            "user:pass@a",
            "a b",
            " a",
            "a ",
            "\u{e9}.org",
            "a\0",
        ];
        for text in others {
            assert_eq!(Authority::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Authority::parse(b"a\xFF"), None);
    }

    #[test]
    fn is_equal_to_its_own_kind_case_aside() {
        let hosts = [
            name("a.example"),
            name("b.example"),
            name("[::1]"),
            name("127.0.0.1"),
            ip("127.0.0.1"),
            ip("::1"),
        ];
        for (i, a) in hosts.iter().enumerate() {
            for (j, b) in hosts.iter().enumerate() {
                assert_eq!(a == b, i == j, "{a:?} {b:?}");
            }
        }
        assert_eq!(name("A.Example"), name("a.eXAMPLE"));
    }

    /// It stands for the root of all names, with or without which a name is the same. Of two, one is part of the name.
    #[test]
    fn is_the_same_with_one_dot_at_its_end() {
        for (a, b) in
            [("a.example", "a.example."), ("A.example.", "a.eXample"), ("a", "a."), ("127.1", "127.1.")]
        {
            assert_eq!(name(a), name(b), "{a} {b}");
            assert_eq!(name(b), name(a), "{a} {b}");
        }
        for (a, b) in [("a", "a.."), ("a.", "a.."), ("a", ".a"), ("a.b", "ab"), ("a.", "b."), ("a", "a%2e")] {
            assert_ne!(name(a), name(b), "{a} {b}");
            assert_ne!(name(b), name(a), "{a} {b}");
        }
        assert_ne!(name("127.0.0.1."), ip("127.0.0.1"));
    }

    /// RFC 6874: which of the sender's interfaces leads there is its own affair.
    #[test]
    fn may_have_an_ipv6_zone_that_is_not_compared() {
        for zone in ["%eth0", "%25eth0", "%1", "%251", "%en0.1", "%br-lan", "%a%20b", "%25"] {
            for address in ["fe80::1", "FE80:0::1", "::1"] {
                let bracketed = format!("[{address}{zone}]");
                let with_port = format!("{bracketed}:8080");
                let [bare, with_port] =
                    [&bracketed, &with_port].map(|text| Authority::parse(text.as_bytes()).unwrap());
                assert_eq!((Some(bare.host), bare.port), (ip(address), None), "{bracketed}");
                assert_eq!((Some(with_port.host), with_port.port), (ip(address), Some(8080)), "{bracketed}");
            }
        }
    }

    /// RFC 6761 §6.3.
    #[test]
    fn is_a_name_of_the_loopback_where_it_ends_in_localhost() {
        for text in
            ["localhost", "LocalHost", "localhost.", "a.localhost", "a.b.LOCALHOST", "chat.localhost."]
        {
            assert!(name(text).unwrap().is_localhost(), "{text}");
        }
        let others = [
            "localhost.evil.example",
            "notlocalhost",
            "a.notlocalhost",
            "localhos",
            "localhost..",
            "l",
            "localhost.a",
            "%6cocalhost",
            "a-localhost",
            "localhost%2e",
        ];
        for text in others {
            assert!(!name(text).unwrap().is_localhost(), "{text}");
        }
        for address in ["127.0.0.1", "::1"] {
            assert!(!ip(address).unwrap().is_localhost(), "{address}: an address is no name");
        }
    }
}

mod port {
    use super::*;

    /// The port of `host` and this text, and `None` where the two are no authority.
    fn port_in(host: &str, text: &str) -> Option<Option<u16>> {
        let text = [host, text].concat();
        Authority::parse(text.as_bytes()).map(|authority| authority.port)
    }

    #[test]
    fn is_any_of_65536_and_no_higher() {
        for port in 0..=0x2_0000_u32 {
            assert_eq!(port_in("a", &format!(":{port}")), u16::try_from(port).ok().map(Some), "{port}");
        }
        for port in ["4294967376", "18446744073709551696", "99999999999999999999999999999999999999999"] {
            assert_eq!(port_in("a", &format!(":{port}")), None, "{port}");
        }
    }

    #[test]
    fn follows_every_kind_of_host() {
        for host in ["example.org", "127.0.0.1", "[::1]", "%41"] {
            assert_eq!(port_in(host, ":8080"), Some(Some(8080)), "{host}");
            assert_eq!(port_in(host, ":00080"), Some(Some(80)), "{host}");
            assert_eq!(port_in(host, ""), Some(None), "{host}");
            // RFC 3986 §3.2.3: the port itself may be empty.
            assert_eq!(port_in(host, ":"), Some(None), "{host}");
        }
    }

    #[test]
    fn is_of_digits_alone() {
        let others = [
            ":+80", ":-0", ": 80", ":80 ", ":8 0", ":0x50", ":80a", ":http", "::80", ":80:", ":80:80",
            ":80/", ":٨",
        ];
        for text in others {
            for host in ["example.org", "127.0.0.1", "[::1]"] {
                assert_eq!(port_in(host, text), None, "{host}{text}");
            }
        }
        assert_eq!(port_in("", ":80"), None);
        assert_eq!(port_in("[::1]", "80"), None);
    }
}

mod origin {
    use super::*;

    #[test]
    fn is_scheme_host_and_port() {
        let table = [
            ("http://localhost:8080", name("localhost")),
            ("https://chat.example.org", name("chat.example.org")),
            ("HTTPS://CHAT.EXAMPLE.ORG:443", name("chat.example.org")),
            ("ws://127.0.0.1", ip("127.0.0.1")),
            ("wss://[::1]:9", ip("::1")),
            ("http://a:", name("a")),
            ("chrome-extension://abcdefghijklmnop", name("abcdefghijklmnop")),
            ("moz-extension://0123-4567", name("0123-4567")),
            ("a+b-c.9://d", name("d")),
        ];
        for (text, host) in table {
            assert_eq!(Origin::parse(text.as_bytes()).map(|origin| origin.host()), host, "{text}");
        }
    }

    #[test]
    fn is_nothing_else() {
        let others = [
            "",
            "null",
            "NULL",
            "*",
            "a",
            "localhost:8080",
            "//a",
            "://a",
            ":a",
            "http:",
            "http:/a",
            "http:a",
            "http//a",
            "http://",
            "http://:80",
            "file://",
            "about:blank",
            "data:text/html,a",
            "http://a/",
            "http://a/b",
            "http://a?b",
            "http://a#b",
            "http://a\\b",
            "http://user@a",
            "http://user:pass@a",
            "http://localhost:8080@evil.example",
            "http://a http://a",
            "http://a, http://b",
            "http://a ",
            " http://a",
            "http ://a",
            "http: //a",
            "http:// a",
            "http://a:b",
            "http://a:80:80",
            "http://a:65536",
            "http://::1",
            "http://[::1",
            "http://[a]",
            "http://http://a",
            "1http://a",
            "-http://a",
            "+://a",
            "ht_tp://a",
            "ht%74p://a",
            "h\u{e9}://a",
            "http://\u{e9}",
            "http://%",
            "http://a\0",
            "\"http://a\"",
        ];
        for text in others {
            assert!(Origin::parse(text.as_bytes()).is_none(), "{text:?}");
        }
        assert!(Origin::parse(b"http://a\xFF").is_none());
    }
}
