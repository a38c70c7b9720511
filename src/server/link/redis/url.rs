//! Which Redis: `redis://[USER][:PASSWORD@]HOST[:PORT][/DB]`, or `unix:///PATH[?db=DB&pass=PASSWORD]`.

use std::fmt;
use std::str::FromStr;

use ::redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// Where a Redis is, and how to be let in there.
#[derive(Clone, Debug)]
pub struct RedisUrl(ConnectionInfo);

impl RedisUrl {
    pub(super) fn connection_info(&self) -> ConnectionInfo {
        self.0.clone()
    }

    /// The channel for everything. Redis does not tell channels apart by database, so the number is in the name.
    pub(super) fn channel(&self) -> String {
        format!("chinwag:{}", self.0.redis_settings().db())
    }

    /// Where it is, without what is secret.
    pub(super) fn address(&self) -> String {
        self.0.addr().to_string()
    }
}

impl FromStr for RedisUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let info = text.into_connection_info().map_err(|_| InvalidUrl)?;
        // Which protocol is spoken is no choice of the operator's.
        let settings =
            info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2).set_skip_set_lib_name();
        Ok(RedisUrl(info.set_redis_settings(settings)))
    }
}

/// A text that is no URL of a Redis, or of one that asks for TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUrl;

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a URL of the form redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]")
    }
}

impl std::error::Error for InvalidUrl {}
