//! The options of `connect` and `check`.

use std::ffi::OsString;

use chinwag::client::{Options, Url};

use super::{Command, HELP_CLIENT, number};

/// Parses the arguments after `connect`.
pub fn parse_connect(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let (mut options, mut url, mut seen) = (Options::default(), None, Vec::new());
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
                "--name" => set_name(&mut options, &value),
                _ => number(&value).map(|history| options.history = history),
            };
            is_set.map_err(|expected| format!("{name}: {value:?} is not {expected}"))?;
        } else {
            let flag = match name.as_str() {
                "--raw" => &mut options.raw,
                "--once" => &mut options.once,
                "--trace" => &mut options.trace,
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
    Ok(Command::Connect(url, options))
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

fn set_name(options: &mut Options, name: &str) -> Result<(), &'static str> {
    let is_name = (1..=32).contains(&name.chars().count()) && !name.contains(char::is_control);
    options.name = Some(name.to_owned()).filter(|_| is_name);
    if is_name { Ok(()) } else { Err("a name of 1 to 32 characters, none of them a control character") }
}
