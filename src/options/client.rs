//! The options of `connect` and `check`.

use std::ffi::OsString;

use chinwag::client::{Options, Url};

use super::{Command, HELP_CLIENT, number};

/// Parses the arguments after `connect`.
pub fn parse_connect(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let (mut name_given, mut history, mut raw, mut once, mut trace) = (None, 0, false, false, false);
    let (mut url, mut seen) = (None, Vec::new());
    let mut args = args.map(|arg| arg.into_string().map_err(|arg| format!("not UTF-8: {arg:?}")));
    while let Some(arg) = args.next().transpose()? {
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (arg.clone(), None),
        };
        if !name.starts_with('-') {
            if url.replace(name.parse::<Url>()?).is_some() {
                return Err(format!("one URL is enough: {name:?}"));
            }
            continue;
        }
        if seen.contains(&name) {
            return Err(format!("{name} is given twice"));
        }
        if let "--name" | "--history" = name.as_str() {
            let value = value.map_or_else(|| args.next().transpose(), |value| Ok(Some(value)))?;
            let value = value.ok_or_else(|| format!("{name} needs a value"))?;
            let is_set = match name.as_str() {
                "--name" => client_name(&value).map(|name| name_given = Some(name)),
                _ => number(&value).map(|count| history = count),
            };
            is_set.map_err(|expected| format!("{name}: {value:?} is not {expected}"))?;
        } else {
            let flag = match name.as_str() {
                "--raw" => &mut raw,
                "--once" => &mut once,
                "--trace" => &mut trace,
                "-h" | "--help" if value.is_none() => return Ok(Command::Print(HELP_CLIENT.to_owned())),
                _ => return Err(format!("unknown option {name:?} of connect")),
            };
            if value.is_some() {
                return Err(format!("{name} takes no value"));
            }
            *flag = true;
        }
        seen.push(name);
    }
    let url = url.ok_or("connect needs a URL such as ws://127.0.0.1:8080/kitchen")?;
    Ok(Command::Connect(Options { url, name: name_given, history, raw, once, trace }))
}

/// Parses the arguments after `check`.
pub fn parse_check(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let args: Result<Vec<_>, _> = args.map(OsString::into_string).collect();
    match args.map_err(|arg| format!("not UTF-8: {arg:?}"))?.as_slice() {
        [help] if help == "-h" || help == "--help" => Ok(Command::Print(HELP_CLIENT.to_owned())),
        [option, ..] if option.starts_with('-') => Err(format!("unknown option {option:?} of check")),
        [url] => url.parse().map(Command::Check),
        _ => Err("check needs one URL, such as http://127.0.0.1:8080/".to_owned()),
    }
}

fn client_name(name: &str) -> Result<String, &'static str> {
    let is_name = (1..=32).contains(&name.chars().count()) && !name.contains(char::is_control);
    Some(name.to_owned())
        .filter(|_| is_name)
        .ok_or("a name of 1 to 32 characters, none of them a control character")
}
