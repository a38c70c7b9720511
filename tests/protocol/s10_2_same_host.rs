//! §10.2, RFC 6454 §5: which origins, and which hosts, are the same.

use chinwag::protocol::origin::{Authority, Origin};

const DEFAULT_PORTS: [(&str, &str); 6] =
    [("http", "80"), ("ws", "80"), ("https", "443"), ("wss", "443"), ("HTTP", "80"), ("wSS", "443")];

fn authority(text: &str) -> Authority<'_> {
    Authority::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text} is no authority"))
}

fn origin(text: &str) -> Origin<'_> {
    Origin::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text} is no origin"))
}

fn is_of_host(of: &str, host: &str) -> bool {
    origin(of).is_of_host(&authority(host))
}

/// Whether the two are the same; in both orders.
fn is_same(a: &str, b: &str) -> bool {
    let (there, back) = (origin(a).is_same(&origin(b)), origin(b).is_same(&origin(a)));
    assert_eq!(there, back, "{a} and {b}");
    there
}

mod of_the_host {
    use super::*;

    #[test]
    fn is_the_same_host_and_port() {
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "chat.example.org:1", "a:0", "a:65535"]
        {
            for scheme in ["http", "https", "ws", "wss"] {
                assert!(is_of_host(&format!("{scheme}://{host}"), host), "{scheme}://{host}");
            }
        }
        assert!(is_of_host("http://LocalHost:8080", "LOCALhost:08080"));
        assert!(is_of_host("http://[::1]:8080", "[0:0::0:01]:8080"));
        for (origin, host) in [("http://a.example.", "a.example"), ("http://a.example:80", "A.example.:80")] {
            assert!(
                is_of_host(origin, host) && is_of_host(&format!("http://{host}"), &origin[7..]),
                "{origin} {host}"
            );
        }
    }

    #[test]
    fn has_the_default_port_of_its_scheme() {
        for (scheme, port) in DEFAULT_PORTS {
            for host in ["a", "127.0.0.1", "[::1]"] {
                let (bare, with_port) = (format!("{scheme}://{host}"), format!("{scheme}://{host}:{port}"));
                for origin in [&bare, &with_port, &format!("{bare}:")] {
                    assert!(is_of_host(origin, host), "{origin} {host}");
                    assert!(is_of_host(origin, &format!("{host}:")), "{origin} {host}:");
                    assert!(is_of_host(origin, &format!("{host}:{port}")), "{origin} {host}:{port}");
                    for other in ["8080", "0", if port == "80" { "443" } else { "80" }] {
                        assert!(!is_of_host(origin, &format!("{host}:{other}")), "{origin} {host}:{other}");
                    }
                }
            }
        }
    }

    #[test]
    fn is_no_other_port() {
        assert!(!is_of_host("http://a:8080", "a"));
        assert!(!is_of_host("http://a:443", "a"));
        assert!(!is_of_host("https://a:80", "a"));
        assert!(!is_of_host("http://a:8080", "a:8081"));
        assert!(!is_of_host("http://a", "a:8080"));
    }

    #[test]
    fn is_no_other_host() {
        let pairs = [
            ("http://evil.example", "chat.example.org"),
            ("http://chat.example.org.evil.example", "chat.example.org"),
            ("http://evil-chat.example.org", "chat.example.org"),
            ("http://example.org", "chat.example.org"),
            ("http://chat.example.or", "chat.example.org"),
            ("http://chat.example.org..", "chat.example.org"),
            ("http://chat%2eexample.org", "chat.example.org"),
            ("http://localhost", "127.0.0.1"),
            ("http://127.0.0.1", "[::1]"),
            ("http://127.0.0.1", "[::ffff:127.0.0.1]"),
            ("http://127.1", "127.0.0.1"),
            ("http://127.0.0.2", "127.0.0.1"),
        ];
        for (origin, host) in pairs {
            assert!(!is_of_host(origin, host), "{origin} {host}");
            assert!(!is_of_host(&format!("http://{host}"), &origin[7..]), "{origin} {host}");
        }
    }

    /// A page of an extension is not of the host whose name the extension happens to have.
    #[test]
    fn has_a_port_where_its_scheme_has_no_default() {
        for scheme in ["chrome-extension", "moz-extension", "ftp", "htt", "httpss", "w", "wsss", "app"] {
            for host in ["a", "a:", "a:80", "a:443", "a:0"] {
                assert!(!is_of_host(&format!("{scheme}://a"), host), "{scheme} {host}");
                assert!(!is_of_host(&format!("{scheme}://a:"), host), "{scheme} {host}");
            }
            assert!(!is_of_host(&format!("{scheme}://a:80"), "a"), "{scheme}");
            assert!(is_of_host(&format!("{scheme}://a:80"), "a:80"), "{scheme}");
        }
    }
}

mod of_two_origins {
    use super::*;

    #[test]
    fn all_three_parts_are_the_same() {
        let different = [
            "http://a",
            "https://a",
            "ws://a",
            "wss://a",
            "http://b",
            "http://a:81",
            "http://a:443",
            "https://a:80",
            "http://a..",
            "http://127.0.0.1",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]",
            "http://localhost",
            "app://a",
            "app://a:80",
            "app://b",
            "apps://a",
        ];
        for (i, a) in different.iter().enumerate() {
            for (j, b) in different.iter().enumerate() {
                assert_eq!(is_same(a, b), i == j, "{a} and {b}");
            }
        }
    }

    #[test]
    fn case_and_default_ports_do_not_matter() {
        for (scheme, port) in DEFAULT_PORTS {
            let (bare, with_port) = (format!("{scheme}://a.example"), format!("{scheme}://A.EXAMPLE:{port}"));
            assert!(is_same(&bare, &with_port), "{scheme}");
            assert!(is_same(&bare, &bare.to_uppercase()), "{scheme}");
            assert!(is_same(&bare, &format!("{bare}:")), "{scheme}");
            assert!(!is_same(&bare, &format!("{bare}:8080")), "{scheme}");
        }
        assert!(is_same("APP://a", "app://A:"));
    }

    #[test]
    fn one_dot_at_the_end_of_the_host_does_not_matter() {
        assert!(is_same("https://a.example", "https://A.example."));
        assert!(is_same("https://a.example.", "https://a.example:443"));
        assert!(!is_same("https://a.example", "https://a.example..") && !is_same("https://a.", "https://b"));
    }
}

mod of_two_authorities {
    use super::*;

    #[test]
    fn ports_are_those_of_the_scheme_where_there_is_none() {
        let ports = ["a", "a:80", "a:443", "a:8080", "b"];
        for (scheme, default) in [("http", Some("a:80")), ("wss", Some("a:443")), ("app", None)] {
            for a in ports {
                for b in ports {
                    let pair = [Some(a), Some(b)];
                    let expected = a == b || pair == [Some("a"), default] || pair == [default, Some("a")];
                    assert_eq!(authority(a).is_same(&authority(b), scheme), expected, "{scheme}: {a}, {b}");
                }
            }
        }
    }
}
