//! The page, as far as the server shows it.

use crate::support::{Head, Response, Server, ask};

/// The parts of the page: path, type, and whether it is text in which code could hide.
const PARTS: &[(&str, &str)] =
    &[("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css")];

fn get(path: &str) -> Response {
    let server = Server::start(&[]);
    let answer = ask(&server, &Head::get(path));
    assert_eq!(answer.status, 200, "{path}");
    answer
}

/// Every tag of the page, without its angle brackets, in lower case.
fn tags(page: &str) -> Vec<String> {
    let inside = page.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    inside.map(|(tag, _)| tag.to_lowercase()).collect()
}

/// The value of an attribute in quotes.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let value = tag.split_once(&format!(" {name}=\""))?.1;
    Some(value.split_once('"')?.0)
}

#[test]
fn every_part_has_its_type_in_utf8() {
    for (path, kind) in PARTS {
        let answer = get(path);
        let content_type = answer.header("Content-Type").unwrap().to_lowercase();
        assert_eq!(content_type.replace(' ', ""), format!("{kind};charset=utf-8"), "{path}");
        assert!(!answer.text().is_empty(), "{path}");
    }
}

#[test]
fn the_content_security_policy_allows_its_own_parts_and_nothing_else() {
    let answer = get("/kitchen");
    let policy = answer.header("Content-Security-Policy").expect("a policy");
    let directives: Vec<_> = policy.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
    for needed in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(directives.contains(&needed), "{needed} is not in {policy:?}");
    }
    for never in ["unsafe", "*", "data:", "http:", "https:", "ws:", "nonce", "sha256"] {
        assert!(!policy.contains(never), "{never} in {policy:?}");
    }
    let of = |name: &str| directives.iter().filter(|part| part.split(' ').next() == Some(name)).count();
    // What default-src does not cover has to be said.
    assert_eq!((of("base-uri"), of("form-action")), (1, 1), "base-uri and form-action in {policy:?}");
}

#[test]
fn its_script_and_style_sheet_are_there() {
    let server = Server::start(&[]);
    let page = ask(&server, &Head::get("/kitchen"));
    let tags = tags(page.text());
    let script = tags.iter().find_map(|tag| attribute(tag.strip_prefix("script")?, "src")).expect("a script");
    let sheets = tags.iter().filter(|tag| tag.starts_with("link ") && tag.contains("stylesheet"));
    let sheet = sheets.filter_map(|tag| attribute(tag, "href")).next().expect("a style sheet");
    for (path, kind) in [(script, "text/javascript"), (sheet, "text/css")] {
        // From any room: relative to the root.
        let path = format!("/{}", path.trim_start_matches('/'));
        let answer = ask(&server, &Head::get(&path));
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("Content-Type").unwrap().starts_with(kind), "{path}");
    }
}

#[test]
fn the_page_is_small() {
    let bytes: usize = PARTS.iter().map(|(path, _)| get(path).text().len()).sum();
    assert!(bytes < 32 * 1024, "{bytes} bytes");
}

#[test]
fn the_page_has_no_inline_code() {
    let page = get("/");
    for tag in tags(page.text()) {
        assert!(!tag.starts_with("script") || attribute(&tag, "src").is_some(), "<{tag}>");
        assert!(!tag.starts_with("style"), "<{tag}>");
        let handlers = tag.split_whitespace().filter(|word| word.starts_with("on") && word.contains('='));
        assert_eq!(handlers.count(), 0, "<{tag}>");
        assert!(!tag.contains(" style=") && !tag.contains("javascript:"), "<{tag}>");
    }
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    for (path, _) in PARTS {
        let answer = get(path);
        for elsewhere in
            ["src=\"http", "src=\"//", "href=\"http", "href=\"//", "url(http", "url(//", "@import", "import("]
        {
            assert!(!answer.text().contains(elsewhere), "{elsewhere} in {path}");
        }
    }
}

#[test]
fn the_script_sets_text_as_text() {
    let script = get("/page.js");
    let dangers = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "setHTML",
    ];
    for danger in dangers {
        assert!(!script.text().contains(danger), "{danger}");
    }
    assert!(script.text().contains("textContent"));
}

#[test]
fn the_page_is_for_phones_readers_and_both_schemes() {
    let (page, sheet) = (get("/"), get("/page.css"));
    let html = page.text().to_lowercase();
    assert!(html.trim_start().starts_with("<!doctype html>"));
    assert!(html.contains("<html lang=") && html.contains("<title>"));
    assert!(
        tags(&html).iter().any(|tag| tag.starts_with("meta ") && tag.contains("viewport")),
        "no viewport"
    );
    let both = format!("{html}{}", sheet.text());
    assert!(both.contains("color-scheme") || both.contains("prefers-color-scheme"), "one scheme only");
    assert!(html.contains("aria-live") || html.contains("role=\"log\""), "news must be read aloud");
}

#[test]
fn the_script_speaks_of_what_the_contract_has() {
    let script = get("/page.js");
    for needed in ["WebSocket", "history", "name", "online", "visibilitychange", "welcome", "joined", "left"]
    {
        assert!(script.text().contains(needed), "{needed} is nowhere in the script");
    }
}
