//! The listening side: connections that a handler can drop in the middle of an exchange.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

use crate::sandbox::gateway::Gateway;

/// How a connection ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// In good order: the client reads an end of file.
    Close,
    /// By a reset.
    Reset,
}

const OPEN: u8 = 0;
const CLOSE: u8 = 1;
const RESET: u8 = 2;

/// A handler's hold on the connection its request came from.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    state: Arc<State>,
}

/// What a connection and the handlers of its requests know of each other.
#[derive(Debug, Default)]
struct State {
    /// Whether and how it is cut.
    cut: AtomicU8,
    /// Odd while a request is worked on, even while the client is waited for; each wait has a number
    /// of its own.
    turn: AtomicU64,
}

impl State {
    fn is_working(turn: u64) -> bool {
        turn % 2 == 1
    }
}

/// Holds a connection while one of its requests is worked on, however long that takes.
pub(super) struct Working(Arc<State>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.turn.fetch_add(1, Ordering::SeqCst);
    }
}

impl Connection {
    /// Makes sure that not one more byte goes to the client. Whatever the handler then returns is
    /// refused by the stream, and the server drops the connection over it.
    pub(super) fn cut(&self, cut: Cut) {
        let cut = match cut {
            Cut::Close => CLOSE,
            Cut::Reset => RESET,
        };
        self.state.cut.store(cut, Ordering::SeqCst);
    }

    /// Begins the work on a request. Until it is dropped, the client is not waited for.
    pub(super) fn work(&self) -> Working {
        self.state.turn.fetch_add(1, Ordering::SeqCst);
        Working(Arc::clone(&self.state))
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Connection {
        Connection { state: Arc::clone(&stream.io().state) }
    }
}

/// A listener whose connections can be cut.
pub(super) struct CuttableListener {
    pub(super) listener: TcpListener,
    pub(super) gateway: Arc<Gateway>,
}

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CuttableStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Answers are small and sent at once; waiting to fill a packet would only slow them down.
        let _ = stream.set_nodelay(true);
        let idle_limit = self.gateway.idle_limit();
        let wait = Box::pin(sleep(idle_limit));
        (CuttableStream { stream, state: Arc::default(), idle_limit, wait, turn: 0 }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that refuses to write once it is cut, and that is given up if its client brings no
/// whole request, or takes none of the answer, for too long.
pub(super) struct CuttableStream {
    stream: TcpStream,
    state: Arc<State>,
    idle_limit: Duration,
    /// Runs out at the end of the wait of this number.
    wait: Pin<Box<Sleep>>,
    turn: u64,
}

impl CuttableStream {
    fn check(&self) -> io::Result<()> {
        match self.state.cut.load(Ordering::SeqCst) {
            OPEN => return Ok(()),
            RESET => self.stream.set_zero_linger()?,
            _ => {}
        }
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    }

    /// Says whether the client has been waited for long enough. Bytes that it drips in make no
    /// difference: what is waited for is a whole request.
    fn is_out_of_patience(&mut self, context: &mut Context<'_>) -> bool {
        let turn = self.state.turn.load(Ordering::SeqCst);
        if State::is_working(turn) {
            return false;
        }
        if turn != self.turn {
            self.turn = turn;
            self.begin_wait();
        }
        self.wait.as_mut().poll(context).is_ready()
    }

    fn begin_wait(&mut self) {
        self.wait.set(sleep(self.idle_limit));
    }

    /// Passes on what a write came to: one that gets nowhere ends with the wait, one that does begins
    /// another.
    fn after_write(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending if self.is_out_of_patience(context) => {
                Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(_) => {
                self.begin_wait();
                // A wait that nobody has looked at wakes nobody, and this may be the last look for long.
                let _ = self.wait.as_mut().poll(context);
                written
            }
        }
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() && self.is_out_of_patience(context) {
            return Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)));
        }
        read
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.after_write(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.after_write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
