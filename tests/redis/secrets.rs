//! Passwords, databases and what a URL may be.

use crate::redis::Redis;
use crate::servers::{self, logged, start, talk, wait_for, wait_until_together};
use crate::support::Client;
use crate::support::server::run;

const SECRET: &str = "p%40ss:word";

fn url(redis: &Redis, user: &str, rest: &str) -> String {
    format!("redis://{user}{}{rest}", redis.address)
}

#[test]
fn a_password_and_a_database() {
    let redis = Redis::start_with(&["--requirepass", "p@ss:word"]);
    let servers = [0, 1].map(|_| servers::at(&url(&redis, &format!(":{SECRET}@"), "/3")));
    wait_until_together(&servers);
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
    talk(&mut a, &mut b, "let in");
}

/// The server is on its own; it says why, once, and keeps the secret.
#[test]
fn a_wrong_password_or_none() {
    let redis = Redis::start_with(&["--requirepass", "right"]);
    for (user, reason) in [(":wr0ng-secret@", "uthentication"), ("", "NOAUTH")] {
        let server = servers::at(&url(&redis, user, ""));
        let [mut a, mut b] = [0, 1].map(|_| Client::join(&server, "/"));
        let line = server.stderr.wait_for("why", |line| line.contains("is away"));
        assert!(line.contains(reason) && line.contains(&redis.address.to_string()), "{line:?}");
        wait_for(&server, "up", 0.0);
        talk(&mut a, &mut b, "on our own");
        assert_eq!(logged(&server, "is away"), 1);
        assert_eq!(logged(&server, "wr0ng-secret"), 0);
    }
}

#[test]
fn no_such_database() {
    let redis = Redis::start();
    let server = servers::at(&url(&redis, "", "/99"));
    server.stderr.wait_for("why", |line| line.contains("is away") && line.contains("database"));
}

/// One who may connect but not publish, or not listen.
#[test]
fn a_user_who_may_not() {
    for (rights, reason) in
        [("-publish", "publish"), ("-subscribe", "subscribe"), ("resetchannels", "channel")]
    {
        let user = format!("on >secret ~* &* +@all {rights}");
        let redis =
            Redis::start_with(&[&["--user", "chat"][..], &user.split(' ').collect::<Vec<_>>()].concat());
        let server = servers::at(&url(&redis, "chat:secret@", ""));
        let line = server.stderr.wait_for("why", |line| line.contains("is away"));
        assert!(line.contains(reason), "{rights}: {line:?}");
        let [mut a, mut b] = [0, 1].map(|_| Client::join(&server, "/"));
        talk(&mut a, &mut b, "on our own");
        wait_for(&server, "up", 0.0);
    }
}

/// One whose rights are those that docs/operating.md says it needs, and no more.
#[test]
fn a_user_who_may_do_no_more_than_this() {
    let mut code = include_str!("../../docs/operating.md").split('`');
    let rights = code.find(|code| code.starts_with("&chinwag:0 ")).expect("the rights");
    let user: Vec<_> = ["--user", "chat", "on", ">secret"].into_iter().chain(rights.split(' ')).collect();
    let redis = Redis::start_with(&user);
    let servers = [0, 1].map(|_| servers::at(&url(&redis, "chat:secret@", "")));
    wait_until_together(&servers);
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
    talk(&mut a, &mut b, "let in");
}

#[test]
fn over_a_unix_socket() {
    let directory = std::env::temp_dir().join(format!("chinwag-redis-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let socket = directory.join("redis.sock");
    let redis = Redis::start_with(&["--unixsocket", socket.to_str().unwrap()]);
    let url = format!("unix://{}", socket.display());
    let servers = [0, 1].map(|_| servers::at(&url));
    wait_until_together(&servers);
    let [mut a, mut b] = servers.each_ref().map(|server| Client::join(server, "/"));
    talk(&mut a, &mut b, "through a file");
    drop((servers, redis));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn what_is_no_url_is_refused_at_once() {
    for value in [
        "",
        "127.0.0.1",
        "127.0.0.1:6379",
        "http://127.0.0.1/",
        "redis://",
        "redis://h/db",
        "redis://:s3cret@h:99999",
    ] {
        for arguments in [vec!["--redis", value], vec![&*format!("--redis={value}")]] {
            let ended = run(&arguments);
            assert_eq!(ended.code, Some(2), "{value:?}");
            assert_eq!((ended.stdout.len(), ended.stderr.len()), (0, 1), "{:?}", ended.stderr);
            assert!(ended.stderr[0].contains("--redis") && !ended.stderr[0].contains("s3cret"));
        }
    }
    // There is no TLS in this build, and that is said before anything is sent in the clear.
    let ended = run(&["--redis", "rediss://127.0.0.1/"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr[0].contains("TLS"), "{:?}", ended.stderr);
    assert_eq!(run(&["--redis", "redis://h/", "--redis", "redis://h/"]).code, Some(2));
    assert!(run(&["--help"]).stdout.iter().any(|line| line.contains("--redis")));
}

#[test]
fn it_says_that_it_has_joined() {
    let redis = Redis::start();
    let [server] = start(&redis);
    server.stderr.wait_for("joined", |line| line.contains("redis at") && line.contains("joined"));
}
