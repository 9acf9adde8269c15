using System.Net;
using System.Net.Sockets;

namespace Drover.StoreTests.NetQueue;

/// <summary>
/// A TCP proxy that does to connections what networks do: cuts them after any byte, hands bytes over in small pieces,
/// refuses. Each connection gets its own fate from <see cref="Fate"/>.
/// </summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly HashSet<Socket> _open = [];
    private readonly List<Task> _serving = [];
    private readonly int _target;
    private readonly Task _accepting;
    private int _connections;

    public FaultyProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections there have been.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What becomes of the next connections; by default nothing bad.</summary>
    public Func<LinkFate> Fate { get; set; } = () => new();

    /// <summary>While set, new connections are closed at once.</summary>
    public bool Refuses { get; set; }

    /// <summary>While set, what the server answers is thrown away: its caller does not learn what it did.</summary>
    public bool Swallows { get; set; }

    /// <summary>While set, what the server answers is held back; it comes once this is cleared.</summary>
    public bool Holds { get; set; }

    /// <summary>Cuts what is open.</summary>
    public void CutAll()
    {
        lock (_open)
        {
            foreach (var socket in _open)
                Cut(socket);
            _open.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _accepting;
        _listener.Stop();
        CutAll();
        await Task.WhenAll(_serving);
        _listener.Dispose();
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync(_ended.Token);
                _serving.Add(ServeAsync(near));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed of.
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        try
        {
            Interlocked.Increment(ref _connections);
            if (Refuses)
                return;
            await far.ConnectAsync(IPAddress.Loopback, _target);
            lock (_open)
            {
                _open.Add(near);
                _open.Add(far);
            }

            var fate = Fate();
            await Task.WhenAny(CopyAsync(near, far, fate.CutAfterUp, fate.Piece, () => false, () => false), CopyAsync(far, near, fate.CutAfterDown, fate.Piece, () => Swallows, () => Holds));
        }
        catch (SocketException)
        {
            // There is nobody behind the proxy.
        }
        finally
        {
            lock (_open)
            {
                _open.Remove(near);
                _open.Remove(far);
            }

            Cut(near);
            Cut(far);
        }
    }

    private async Task CopyAsync(Socket from, Socket to, long limit, int piece, Func<bool> swallows, Func<bool> holds)
    {
        byte[] buffer = new byte[piece];
        try
        {
            while (limit > 0)
            {
                int read = await from.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(piece, limit)));
                if (read == 0)
                    return;
                while (holds() && !_ended.IsCancellationRequested)
                    await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
                if (!swallows())
                    await to.SendAsync(buffer.AsMemory(0, read));
                limit -= read;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    /// <summary>Without good-bye: the other side sees a reset.</summary>
    private static void Cut(Socket socket)
    {
        try
        {
            socket.LingerState = new(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        socket.Dispose();
    }
}

/// <summary>What becomes of a connection.</summary>
/// <param name="CutAfterUp">It is cut after so many bytes from the client.</param>
/// <param name="CutAfterDown">It is cut after so many bytes from the server.</param>
/// <param name="Piece">Bytes are handed over at most so many at a time.</param>
public sealed record LinkFate(long CutAfterUp = long.MaxValue, long CutAfterDown = long.MaxValue, int Piece = 16 * 1024);
