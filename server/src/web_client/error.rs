//! Why a service gave no answer, in plain words.

use super::ANSWER_BYTES_MAX;
use std::error::Error;
use std::io;
use std::time::Duration;

/// Why there is no whole answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebError {
    #[error("nothing listens there: the connection was refused")]
    Refused,
    #[error("the name of its host was not found")]
    NameNotFound,
    #[error("there was no whole answer within {0:?}")]
    Late(Duration),
    #[cfg(feature = "tls")]
    #[error("its certificate is not accepted: {0}")]
    Certificate(String),
    #[error("the answer is longer than {} KiB", ANSWER_BYTES_MAX / 1024)]
    TooLong,
    #[error("the connection failed: {0}")]
    Broken(String),
}

impl WebError {
    /// The cause that stands at the bottom of an error.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let (mut next, mut last) = (Some(error), String::new());
        while let Some(cause) = next {
            if cause.is::<http_body_util::LengthLimitError>() {
                return Self::TooLong;
            }
            last = cause.to_string();
            // What the connector of hyper-util says; the cause below it is the resolver's.
            if last == "dns error" {
                return Self::NameNotFound;
            }
            if let Some(known) = cause.downcast_ref::<io::Error>().and_then(Self::of_io) {
                return known;
            }
            next = cause.source();
        }
        Self::Broken(last)
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return Some(Self::Refused);
        }
        let inner = error.get_ref()?;
        #[cfg(feature = "tls")]
        if let Some(error) = inner.downcast_ref::<rustls::Error>() {
            return Some(match error {
                rustls::Error::InvalidCertificate(why) => Self::Certificate(why.to_string()),
                rustls::Error::NoCertificatesPresented => Self::Certificate("it shows none".to_owned()),
                other => Self::Broken(format!("TLS: {other}")),
            });
        }
        inner.downcast_ref::<io::Error>().and_then(Self::of_io)
    }
}
