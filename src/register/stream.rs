//! Connections with limits: so many at a time, so long to ask, so long to take the answer, so many
//! bytes. A flood of slow or endless requests costs a fixed amount of memory and no more.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many there are at a time. When one more comes, the one that has been silent longest has to go; where
    /// all have asked, it waits.
    pub(super) connections: usize,
    /// How long a client may take to send its request, and again to take the answer.
    pub(super) patience: Duration,
    /// How many bytes a request may have, its head included.
    pub(super) bytes: usize,
}

/// Limits for a few people and a web server, not for a crowd.
pub(super) const LIMITS: Limits =
    Limits { connections: 64, patience: Duration::from_secs(10), bytes: 128 * 1024 };

/// A listener whose connections have limits. Each of them carries one request.
pub(super) struct LimitedListener {
    listener: TcpListener,
    limits: Limits,
    places: Arc<Semaphore>,
    /// Those that are there, in the order in which they came.
    there: VecDeque<Weak<Asking>>,
}

/// How far a connection has come.
#[derive(Debug, Default)]
struct Asking {
    /// The request is there, whole.
    is_read: AtomicBool,
    /// Its place is wanted by another one.
    has_to_go: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Asking {
    /// Takes the place of a connection that has not asked yet.
    fn end(&self) {
        self.has_to_go.store(true, Ordering::SeqCst);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        waker.into_iter().for_each(Waker::wake);
    }
}

impl LimitedListener {
    pub(super) fn new(listener: TcpListener, limits: Limits) -> LimitedListener {
        LimitedListener {
            listener,
            limits,
            places: Arc::new(Semaphore::new(limits.connections)),
            there: VecDeque::new(),
        }
    }

    /// Ends the connection that has been there longest without a request. Whoever holds all places and says
    /// nothing keeps nobody else out.
    fn make_room(&mut self) {
        self.there.retain(|asking| asking.strong_count() > 0);
        let silent = self.there.iter().filter_map(Weak::upgrade).find(|asking| {
            !asking.is_read.load(Ordering::SeqCst) && !asking.has_to_go.load(Ordering::SeqCst)
        });
        if let Some(silent) = silent {
            silent.end();
        }
    }
}

impl Listener for LimitedListener {
    type Io = LimitedStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (LimitedStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        if self.places.available_permits() == 0 {
            self.make_room();
        }
        // The semaphore is never closed, so there is always a permit in the end.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let asking = Arc::new(Asking::default());
        self.there.retain(|asking| asking.strong_count() > 0);
        self.there.push_back(Arc::downgrade(&asking));
        let _ = stream.set_nodelay(true);
        let limited = LimitedStream {
            stream,
            bytes_left: self.limits.bytes,
            patience: self.limits.patience,
            deadline: Box::pin(sleep(self.limits.patience)),
            is_answering: false,
            asking,
            _place: place,
        };
        (limited, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// What a handler knows of its connection.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    asking: Arc<Asking>,
}

impl Peer {
    /// The request is there, whole: from now on it is the server that takes its time.
    pub(super) fn request_is_read(&self) {
        self.asking.is_read.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, LimitedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, LimitedListener>) -> Peer {
        Peer { address: *stream.remote_addr(), asking: Arc::clone(&stream.io().asking) }
    }
}

/// A connection that ends by itself when its client takes too long or sends too much.
pub(super) struct LimitedStream {
    stream: TcpStream,
    bytes_left: usize,
    patience: Duration,
    deadline: Pin<Box<Sleep>>,
    is_answering: bool,
    asking: Arc<Asking>,
    _place: Option<OwnedSemaphorePermit>,
}

impl LimitedStream {
    fn check_deadline(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.deadline.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::Error::from(io::ErrorKind::TimedOut)),
            Poll::Pending => Ok(()),
        }
    }

    /// The client's time begins anew with the answer.
    fn check_answer(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if !self.is_answering {
            self.is_answering = true;
            let deadline = Instant::now() + self.patience;
            self.deadline.as_mut().reset(deadline);
        }
        self.check_deadline(context)
    }
}

impl AsyncRead for LimitedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let has_asked = self.asking.is_read.load(Ordering::SeqCst);
        if self.is_answering || !has_asked {
            self.check_deadline(context)?;
        }
        if !has_asked {
            let mut waker = self.asking.waker.lock().unwrap_or_else(PoisonError::into_inner);
            *waker = Some(context.waker().clone());
            drop(waker);
            if self.asking.has_to_go.load(Ordering::SeqCst) {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::ConnectionAborted)));
            }
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().len().saturating_sub(before);
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => self.bytes_left = left,
            None => return Poll::Ready(Err(io::Error::from(io::ErrorKind::InvalidData))),
        }
        read
    }
}

impl AsyncWrite for LimitedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_answer(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_answer(context)?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
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
