//! One GET of plain HTTP, for the owner's consent and for metrics. Its answer is bounded.

use core::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The status and the body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Asks `host` for `path` over a new `stream`, with further header lines, each with its line end.
///
/// # Errors
/// Why there is no answer.
pub(super) async fn get(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    host: &str,
    path: &str,
    lines: &str,
) -> Result<Answer, String> {
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n");
    let exchange = async {
        stream.write_all(asked.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(BYTES_MAX).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = timeout(TIMEOUT, exchange).await.map_err(|_| "no answer within 5 s".to_owned())?;
    let answer = answer.map_err(|error| error.to_string())?;
    read(&String::from_utf8_lossy(&answer)).ok_or_else(|| "the answer is no HTTP".to_owned())
}

fn read(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = status_of(head)?;
    let is_chunked = head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked");
    let body = if is_chunked { joined(body)? } else { body.to_owned() };
    Some(Answer { status, body })
}

/// The status in the first line of a head.
pub(super) fn status_of(head: &str) -> Option<u16> {
    head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// The chunks of a body as one text.
fn joined(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(after.get(..size)?);
        rest = after.get(size..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_in_chunks() {
        let plain = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        assert_eq!(plain, Some(Answer { status: 200, body: "hi".into() }));
        let chunks = "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
        assert_eq!(read(chunks), Some(Answer { status: 404, body: "abc".into() }));
        for bad in
            ["", "SSH-2.0", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
