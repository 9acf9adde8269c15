using Drover.Shell;
using Renci.SshNet;

namespace Drover.Ssh;

/// <summary>A signed-in connection. Its counts belong to the pool that holds it and are changed under that pool's lock.</summary>
#pragma warning disable CA1001 // the source has no timer and no wait handle; its token outlives the connection
internal sealed class SshConnection
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _lost = new();
    private readonly Action? _close;
    private string? _lostBecause;

    /// <param name="client">Connected and signed in.</param>
    /// <param name="close">What else ends with it (the way through a jump server).</param>
    public SshConnection(SshClient client, Action? close)
    {
        (Client, _close) = (client, close);
        client.ErrorOccurred += (_, e) => GiveUp(e.Exception.Message);
    }

    public SshClient Client { get; }

    /// <summary>The pool of its server; set once it is there.</summary>
    public SshServerPool? Pool { get; set; }

    /// <summary>How many channels are open on it.</summary>
    public int InUse { get; set; }

    /// <summary>How many connections to other servers lead through it.</summary>
    public int Holds { get; set; }

    /// <summary>When it was last in use (a timestamp of the clock).</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether it has served a channel before.</summary>
    public bool Proven { get; set; }

    /// <summary>Fires when it is lost or given up.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Why; null while it is not.</summary>
    public string? LostBecause => Volatile.Read(ref _lostBecause);

    public bool Usable => LostBecause is null && Client.IsConnected;

    public void ReleaseSession() => Pool!.Release(this);

    /// <summary>Ends it: every channel on it completes as lost at once; the library's part is taken down behind.</summary>
    public void GiveUp(string why)
    {
        if (Interlocked.CompareExchange(ref _lostBecause, why, null) is not null)
            return;
        _ = BlockingThreads.Run(() =>
        {
            _lost.Cancel();
            try
            {
                Client.Dispose();
            }
            finally
            {
                _close?.Invoke();
            }
        }).ContinueWith(static task => task.Exception, TaskScheduler.Default);
        Pool?.Forget(this);
    }
}
