namespace Drover.Server.Http;

/// <summary>Counts the open streams and ends them all when the host stops, so that none holds it up.</summary>
internal sealed class StreamSlots(ServerOptions options, IHostApplicationLifetime lifetime)
{
    private int _open;

    /// <summary>Fires when the host stops.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>How many are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Takes a place; null when there is none left.</summary>
    public IDisposable? TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= options.MaxStreams)
            return new Slot(this);
        Interlocked.Decrement(ref _open);
        return null;
    }

    private sealed class Slot(StreamSlots owner) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                Interlocked.Decrement(ref owner._open);
        }
    }
}
