using System.Globalization;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Redis.Engine;

/// <summary>
/// One node leads: it holds a key that goes by itself some seconds after its node did. The key lives by the server's clock,
/// so this counts real time whatever clock the jobs follow, and from before the question was sent: it never thinks longer
/// that it leads than the server does.
/// </summary>
internal sealed class Leadership : IAsyncDisposable
{
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly string Script = Link.Script("leader");
    private readonly CancellationTokenSource _closing = new();
    private readonly Link _link;
    private readonly string _node;
    private readonly ILogger _log;
    private Task _loop = Task.CompletedTask;
    private long _until;
    private int _disposed;

    private Leadership(Link link, string node, ILogger log) => (_link, _node, _log) = (link, node, log);

    public bool Leads => TimeProvider.System.GetTimestamp() < Volatile.Read(ref _until);

    /// <summary>Called when this node begins to lead.</summary>
    public Action Began { get; set; } = static () => { };

    public static async ValueTask<Leadership> StartAsync(Link link, string node, ILogger log)
    {
        var leadership = new Leadership(link, node, log);
        await leadership.AskAsync();
        leadership._loop = leadership.LoopAsync();
        return leadership;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _closing.CancelAsync();
        await _loop;
        bool led = Leads;
        Volatile.Write(ref _until, 0);
        try
        {
            if (led)
                await _link.RunAsync(Script, [_node, 0], default);
        }
        // The next one waits for the term to end.
        catch (StoreUnavailableException e)
        {
            Log.NotTold(_log, e);
        }

        _closing.Dispose();
    }

    private async ValueTask AskAsync()
    {
        bool led = Leads;
        long until = TimeProvider.System.GetTimestamp() + (long)(Term.TotalSeconds * TimeProvider.System.TimestampFrequency);
        bool leads = (int)await _link.RunAsync(Script, [_node, ((long)Term.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)], _closing.Token) == 1;
        Volatile.Write(ref _until, leads ? until : 0);
        if (leads && !led)
            Began();
    }

    private async Task LoopAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Period, TimeProvider.System, _closing.Token);
                await AskAsync();
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (StoreUnavailableException e)
            {
                Log.NotTold(_log, e);
            }
        }
    }
}
